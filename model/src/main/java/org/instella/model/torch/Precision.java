package org.instella.model.torch;

import ai.djl.ndarray.types.DataType;

/** Element types of tensors that Java makes and reads. */
public enum Precision {
  FLOAT32(6, Float.BYTES, DataType.FLOAT32),
  /** For gradient checks: about a thousand times finer than the differences that are looked for. */
  FLOAT64(7, Double.BYTES, DataType.FLOAT64);

  private final int scalarType;
  private final int bytes;
  private final DataType djl;

  Precision(int scalarType, int bytes, DataType djl) {
    this.scalarType = scalarType;
    this.bytes = bytes;
    this.djl = djl;
  }

  /** Number of the type in program texts ({@code c10::ScalarType}). */
  public int scalarType() {
    return scalarType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  DataType djl() {
    return djl;
  }
}
