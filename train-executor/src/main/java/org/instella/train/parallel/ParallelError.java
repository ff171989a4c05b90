package org.instella.train.parallel;

import org.instella.conf.error.ErrorCode;

/** What can go wrong between ranks. */
public enum ParallelError implements ErrorCode {
  /** The fixed reduction tree needs a power of two. */
  RANKS_NOT_A_POWER_OF_TWO,
  /** Ranks could not find each other in time. */
  RENDEZVOUS_FAILED,
  /** A rank of another attempt knocked, or this rank belongs to an attempt that is over. */
  GENERATION_REFUSED,
  /** Another rank died, hangs, or gave up. */
  PEER_LOST,
  /** The ranks are not doing the same thing. */
  RANKS_DISAGREE,
  /** NCCL, RCCL or the runtime of the card cannot be loaded. */
  LIBRARY_MISSING,
  /** NCCL or the card reported an error. */
  CARD_FAILED,
  /** The transport does not go with the device. */
  TRANSPORT_UNFIT
}
