package org.instella.model.torch;

import org.instella.conf.error.ErrorCode;

/** What can go wrong between Java and libtorch. */
public enum TorchError implements ErrorCode {
  /** libtorch or its JNI library cannot be loaded on this machine. */
  ENGINE_MISSING,
  /** The device that was asked for is not there. */
  DEVICE_MISSING,
  /** A device that cannot be read, such as {@code tpu}. */
  DEVICE_UNKNOWN,
  /** A program text that is missing or does not compile. */
  PROGRAM_BROKEN,
  /** A program stopped with an error while it ran. */
  CALL_FAILED,
  /** libtorch could not allocate memory, on the host or on the device. */
  OUT_OF_MEMORY
}
