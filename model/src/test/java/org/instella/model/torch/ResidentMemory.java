package org.instella.model.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident set of this process: what the operating system sees, libtorch's memory included. */
public final class ResidentMemory {
  private ResidentMemory() {}

  public static long bytes() {
    try {
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
      return Long.parseLong(pages[1]) * 4096;
    } catch (IOException e) {
      throw new UncheckedIOException("resident memory can be read on Linux only", e);
    }
  }
}
