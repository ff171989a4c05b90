package org.instella.train.monitor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Memory of this process as the kernel counts it: tensors, heap and libraries together. */
public final class ResidentMemory {
  private static final Logger log = LoggerFactory.getLogger(ResidentMemory.class);
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String PEAK = "VmHWM:";

  private ResidentMemory() {}

  /** The most that was resident at any time, in bytes; empty where the kernel does not tell. */
  public static OptionalLong peakBytes() {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(PEAK)) {
          String kilobytes = line.substring(PEAK.length()).replace("kB", "").strip();
          return OptionalLong.of(1024 * Long.parseLong(kilobytes));
        }
      }
    } catch (IOException | NumberFormatException e) {
      log.debug("cannot read {}", STATUS, e);
    }
    return OptionalLong.empty();
  }
}
