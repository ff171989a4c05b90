package org.instella.conf.storage;

import java.nio.ByteBuffer;

/** Memory that disks can read and write themselves: it begins where one of their blocks may. */
public final class AlignedMemory {
  /** Places in files and in memory are multiples of it; suits all disks of blocks up to 4 KiB. */
  public static final int ALIGNMENT = 1 << 12;

  private AlignedMemory() {}

  /** For up to {@code length} bytes of a file, wherever they begin and end in it. */
  public static ByteBuffer room(int length) {
    int most = (length + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return ByteBuffer.allocateDirect(most + ALIGNMENT - 1).alignedSlice(ALIGNMENT).slice(0, most);
  }

  /** How far from the beginning of such memory the bytes lie that belong at a place of a file. */
  public static int lead(long place) {
    return (int) (place % ALIGNMENT);
  }
}
