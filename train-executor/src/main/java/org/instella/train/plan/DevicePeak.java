package org.instella.train.plan;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Dense matrix throughput that the makers state for one device, without sparsity. An MI250X counts
 * as its two halves together.
 */
public enum DevicePeak {
  MI250X(383.0e12, 95.7e12, 128),
  MI300X(1307.4e12, 163.4e12, 192),
  MI325X(1307.4e12, 163.4e12, 256),
  A100(312.0e12, 19.5e12, 80),
  H100(989.4e12, 67.0e12, 80),
  H200(989.4e12, 67.0e12, 141),
  B200(2250.0e12, 75.0e12, 180);

  private final double bfloat16;
  private final double float32;
  private final int gigabytes;

  DevicePeak(double bfloat16, double float32, int gigabytes) {
    this.bfloat16 = bfloat16;
    this.float32 = float32;
    this.gigabytes = gigabytes;
  }

  /** Operations in a second, bfloat16 inputs with float32 sums. */
  public double bfloat16() {
    return bfloat16;
  }

  /** Operations in a second, float32 without reduced-precision tricks. */
  public double float32() {
    return float32;
  }

  /** Memory of the device in units of 10⁹ bytes. */
  public int gigabytes() {
    return gigabytes;
  }

  /** Finds a device in a driver's or a user's spelling: {@code AMD Instinct MI300X}. */
  public static Optional<DevicePeak> named(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return Arrays.stream(values()).filter(device -> upper.contains(device.name())).findFirst();
  }
}
