package org.instella.train.parallel;

import com.sun.jna.Pointer;
import org.instella.conf.error.EnvironmentException;

/**
 * The few functions of CUDA's or HIP's runtime that collectives need.
 *
 * <p>libtorch puts its kernels into the default stream. Collectives run in a stream of their own,
 * so that they move while the default stream computes; an event in the default stream tells them
 * when what they are to move has been computed.
 */
interface CardRuntime {
  Pointer DEFAULT_STREAM = Pointer.NULL;

  /**
   * Opens the runtime.
   *
   * @param hip AMD's rather than NVIDIA's
   * @throws EnvironmentException naming what was tried
   */
  static CardRuntime open(boolean hip) {
    return NativeCardRuntime.open(hip);
  }

  /** Makes a card the one that the calling thread talks to. */
  void use(int card);

  /** A stream on the current card that does not wait for the default one by itself. */
  Pointer newStream();

  void destroyStream(Pointer stream);

  Pointer newEvent();

  /** Frees an event; what already waits for it goes on waiting. */
  void destroyEvent(Pointer event);

  /** The event happens when all that was asked of the stream so far is done. */
  void record(Pointer event, Pointer stream);

  /** What is asked of the stream from now on waits for the event. Does not block the caller. */
  void await(Pointer stream, Pointer event);

  /** Whether all that was asked of the stream so far is done. */
  boolean idle(Pointer stream);
}
