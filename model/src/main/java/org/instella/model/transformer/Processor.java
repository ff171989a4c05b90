package org.instella.model.transformer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.instella.model.torch.TorchDevice;

/**
 * What the processor says of itself, as far as it decides which kernels multiply matrices.
 *
 * <p>Never decided by a measurement: the answer changes rounding, and equal machines must give
 * equal bits.
 *
 * @param words vendor and instruction sets, in the words of {@code /proc/cpuinfo}; empty if unknown
 */
record Processor(Set<String> words) {
  private static final Path LINUX = Path.of("/proc/cpuinfo");
  private static final List<String> TOLD = List.of("vendor_id", "flags", "Features");
  private static final List<String> BFLOAT16 = List.of("amx_bf16", "avx512_bf16", "bf16");

  /** That of this machine. */
  static Processor here() {
    return describedBy(LINUX);
  }

  /**
   * Reads a description of processors.
   *
   * @param description in the format of Linux: {@code flags : ...} on x86, {@code Features : ...}
   *     on ARM
   */
  static Processor describedBy(Path description) {
    try {
      return new Processor(
          Files.readAllLines(description).stream()
              .filter(line -> TOLD.stream().anyMatch(line::startsWith))
              .flatMap(line -> Arrays.stream(line.split("[\\s:]+")).skip(1))
              .collect(Collectors.toUnmodifiableSet()));
    } catch (IOException notLinux) {
      return new Processor(Set.of());
    }
  }

  /**
   * Whether it multiplies bfloat16 matrices by instructions of its own, or does not tell. One
   * without them gets through libtorch's emulation, four times slower than float32.
   */
  boolean multipliesBfloat16() {
    return words.isEmpty() || BFLOAT16.stream().anyMatch(words::contains);
  }

  /**
   * Whether oneDNN's products are faster than MKL's, which libtorch takes for float32: MKL gives
   * AMD processors kernels for AVX2, oneDNN uses AVX-512 on all.
   */
  boolean prefersOneDnn() {
    return words.contains("AuthenticAMD") && words.contains("avx512f");
  }

  /** Whether float32 matrices on this device are multiplied by oneDNN. */
  static boolean multipliesInOneDnn(TorchDevice device) {
    return device.kind() == TorchDevice.Kind.CPU && here().prefersOneDnn();
  }
}
