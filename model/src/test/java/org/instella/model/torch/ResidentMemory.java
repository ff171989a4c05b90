package org.instella.model.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident set of this process: what the operating system sees, libtorch's memory included. */
public final class ResidentMemory {
  private ResidentMemory() {}

  /**
   * Touches the young part of the Java heap, so that what the process grows by afterwards is native
   * memory.
   */
  public static void settle() {
    long sum = 0;
    for (int i = 0; i < 1024; i++) {
      sum += new byte[1 << 20].length;
    }
    System.gc();
    if (sum == 0) {
      throw new IllegalStateException("nothing was allocated");
    }
  }

  public static long bytes() {
    try {
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
      return Long.parseLong(pages[1]) * 4096;
    } catch (IOException e) {
      throw new UncheckedIOException("resident memory can be read on Linux only", e);
    }
  }
}
