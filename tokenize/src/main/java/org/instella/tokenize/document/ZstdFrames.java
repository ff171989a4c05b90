package org.instella.tokenize.document;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Storage;

/**
 * Where the frames of a Zstandard file begin (RFC 8878; the seek table of zstd's seekable format,
 * version 0.1). A frame can be unpacked without what stands before it; the bytes of a line may lie
 * in several.
 */
final class ZstdFrames {
  private static final int FRAME = 0xFD2FB528;
  private static final int SKIPPABLE = 0x184D2A50;
  private static final int SKIPPABLE_MASK = 0xFFFFFFF0;
  private static final int TABLE_FRAME = 0x184D2A5E;
  private static final int TABLE_MARK = 0x8F92EAB1;
  private static final int FOOTER = 9;
  private static final int NEAR = 1 << 18;

  private final Storage storage;
  private final InputFile file;
  private InputStream in;
  private long position;

  private ZstdFrames(Storage storage, InputFile file) {
    this.storage = storage;
    this.file = file;
  }

  /**
   * First bytes of the frames, in order; empty where {@code split} does not find them.
   *
   * @throws DataException if a scan meets something that is no frame
   */
  static List<Long> starts(Storage storage, InputFile file, ZstdSplit split) {
    ZstdFrames frames = new ZstdFrames(storage, file);
    try {
      return switch (split) {
        case NEVER -> List.of();
        case TABLE -> frames.byTable();
        case SCAN -> {
          List<Long> starts = frames.byTable();
          yield starts.isEmpty() ? frames.byScan() : starts;
        }
      };
    } catch (EOFException e) {
      throw frames.damaged("it is cut short at packed byte " + frames.position);
    } catch (IOException e) {
      throw new EnvironmentException(
          DocumentError.READ_FAILED,
          "Cannot read %s behind byte %d: %s"
              .formatted(file.location(), frames.position, e.getMessage()),
          e);
    } finally {
      frames.leave();
    }
  }

  /** A table that does not account for every byte of the file is none. */
  private List<Long> byTable() throws IOException {
    if (file.bytes() < FOOTER + 8) {
      return List.of();
    }
    ByteBuffer footer = bytes(file.bytes() - FOOTER, FOOTER);
    long count = footer.getInt() & 0xFFFFFFFFL;
    int descriptor = footer.get() & 0xFF;
    int entry = (descriptor & 0x80) != 0 ? 12 : 8;
    long table = FOOTER + count * entry;
    if (footer.getInt() != TABLE_MARK
        || (descriptor & 0x7C) != 0
        || table + 8 > file.bytes()
        || table > Integer.MAX_VALUE) {
      return List.of();
    }
    long tableAt = file.bytes() - table - 8;
    ByteBuffer all = bytes(tableAt, (int) table + 8);
    if (all.getInt() != TABLE_FRAME || (all.getInt() & 0xFFFFFFFFL) != table) {
      return List.of();
    }
    List<Long> starts = new ArrayList<>();
    long at = 0;
    for (long i = 0; i < count; i++) {
      starts.add(at);
      at += all.getInt() & 0xFFFFFFFFL;
      all.position(all.position() + entry - 4);
    }
    return at == tableAt ? starts : List.of();
  }

  private List<Long> byScan() throws IOException {
    List<Long> starts = new ArrayList<>();
    long at = 0;
    while (at < file.bytes()) {
      int magic = bytes(at, 4).getInt();
      if ((magic & SKIPPABLE_MASK) == SKIPPABLE) {
        at += 8 + (bytes(at + 4, 4).getInt() & 0xFFFFFFFFL);
      } else if (magic == FRAME) {
        starts.add(at);
        at = endOfFrame(at);
      } else {
        throw damaged("no Zstandard frame begins at packed byte " + at);
      }
    }
    if (at > file.bytes()) {
      throw damaged("it is cut short at packed byte " + file.bytes());
    }
    return starts;
  }

  private long endOfFrame(long start) throws IOException {
    int descriptor = bytes(start + 4, 1).get() & 0xFF;
    boolean single = (descriptor & 0x20) != 0;
    int dictionary = new int[] {0, 1, 2, 4}[descriptor & 3];
    int size = new int[] {single ? 1 : 0, 2, 4, 8}[descriptor >>> 6];
    long at = start + 5 + (single ? 0 : 1) + dictionary + size;
    while (true) {
      ByteBuffer three = bytes(at, 3);
      int header = three.get() & 0xFF | (three.get() & 0xFF) << 8 | (three.get() & 0xFF) << 16;
      int type = header >>> 1 & 3;
      if (type == 3) {
        throw damaged("a block of a kind that does not exist begins at packed byte " + at);
      }
      at += 3 + (type == 1 ? 1 : header >>> 3);
      if ((header & 1) != 0) {
        return at + ((descriptor & 4) != 0 ? 4 : 0);
      }
    }
  }

  /** Bytes from a place that is never before the last one by much. */
  private ByteBuffer bytes(long at, int length) throws IOException {
    if (in == null || at < position || at - position > NEAR) {
      leave();
      in = storage.open(file.location(), Math.min(at, file.bytes()));
      position = Math.min(at, file.bytes());
    }
    in.skipNBytes(at - position);
    position = at;
    byte[] bytes = in.readNBytes(length);
    position += bytes.length;
    if (bytes.length < length) {
      throw new EOFException();
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void leave() {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException e) {
      throw damaged(String.valueOf(e.getMessage()));
    }
  }

  private DataException damaged(String why) {
    return new DataException(
        DocumentError.DAMAGED_FILE, "%s cannot be read: %s".formatted(file.location(), why));
  }
}
