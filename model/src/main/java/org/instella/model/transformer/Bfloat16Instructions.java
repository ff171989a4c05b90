package org.instella.model.transformer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.instella.model.torch.TorchDevice;

/**
 * Whether a device multiplies bfloat16 matrices by instructions of its own. A processor without
 * them gets through libtorch's emulation, four times slower than float32.
 *
 * <p>Decided by what the processor says of itself and never by a measurement: the answer changes
 * rounding, and equal machines must give equal bits.
 */
final class Bfloat16Instructions {
  private static final Path LINUX = Path.of("/proc/cpuinfo");
  private static final List<String> FLAGS = List.of("amx_bf16", "avx512_bf16", "bf16");

  private Bfloat16Instructions() {}

  /** True on every card, and on a processor that has them or does not tell. */
  static boolean areThere(TorchDevice device) {
    return device.kind() != TorchDevice.Kind.CPU || inProcessor(LINUX);
  }

  /**
   * Reads a description of processors.
   *
   * @param description in the format of Linux: {@code flags : ...} on x86, {@code Features : ...}
   *     on ARM
   */
  static boolean inProcessor(Path description) {
    try {
      List<String> lines =
          Files.readAllLines(description).stream()
              .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
              .toList();
      return lines.isEmpty()
          || lines.stream()
              .flatMap(line -> Arrays.stream(line.split("\\s+")))
              .anyMatch(FLAGS::contains);
    } catch (IOException notLinux) {
      return true;
    }
  }
}
