package org.instella.tokenize.document;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.instella.conf.error.DataException;

/**
 * Cuts an unpacked stream into lines inside one reused buffer.
 *
 * <p>After {@link #next()} the line is {@code buffer()[start() .. end())}, valid until the next
 * call. The buffer grows to the longest line met, at most the limit; of a longer line the beginning
 * is kept and the rest counted.
 */
final class LineScanner implements AutoCloseable {
  static final int CHUNK = 1 << 18;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long NEWLINES = '\n' * ONES;
  private static final long HIGH_BITS = 0x8080808080808080L;

  private final InputStream in;
  private final InputFile file;
  private final DocumentLimits limits;
  private final ReadTimes times;
  private final ReadBuffers buffers;

  private byte[] buffer;
  private int filled;
  private int complete;
  private long offsetOfBuffer;
  private boolean ended;

  private int start;
  private int nextStart;
  private long number;

  private byte[] line;
  private int lineStart;
  private int lineEnd;
  private long lineOffset;
  private long lineLength;

  /** Reads {@code in}, whose first byte is byte {@code offset} of the unpacked file; closes it. */
  LineScanner(
      InputStream in,
      InputFile file,
      long offset,
      DocumentLimits limits,
      ReadTimes times,
      ReadBuffers buffers) {
    this.in = in;
    this.file = file;
    this.offsetOfBuffer = offset;
    this.limits = limits;
    this.times = times;
    this.buffers = buffers;
    this.buffer = buffers.takeLines();
    this.line = buffer;
  }

  /**
   * Drops the line and reads on until the next one is buffered in full: {@code buffer()[ahead() ..
   * complete())} begins with it and ends with a newline. {@link #take} moves to it.
   *
   * @return false where {@link #next} has to find out: at the end, and for lines over the limit
   */
  boolean lookAhead() {
    start = nextStart;
    while (start >= complete) {
      if (ended || filled - start > limits.lineBytes()) {
        return false;
      }
      dropLines();
      fill();
    }
    line = buffer;
    return true;
  }

  int ahead() {
    return start;
  }

  /** Behind the last newline that is buffered. */
  int complete() {
    return complete;
  }

  /** Moves to the line that {@link #lookAhead} shows, whose newline somebody has met already. */
  void take(int newline) {
    found(newline, newline + 1);
  }

  /** Moves to the next line; false when there is none. */
  boolean next() {
    start = nextStart;
    int scanned = start;
    while (true) {
      int newline = newline(scanned);
      if (newline >= 0) {
        return found(newline, newline + 1);
      }
      if (filled - start > limits.lineBytes()) {
        return skipRest();
      }
      dropLines();
      scanned = filled;
      if (!fill()) {
        return filled > start && found(filled, filled);
      }
    }
  }

  /** The array that holds the line. */
  byte[] buffer() {
    return line;
  }

  int start() {
    return lineStart;
  }

  int end() {
    return lineEnd;
  }

  /** Number of the line, from 1. */
  long number() {
    return number;
  }

  /** First byte of the line in the unpacked file. */
  long offset() {
    return lineOffset;
  }

  /**
   * Bytes of the line without its end; more than {@code end() - start()} for one over the limit.
   */
  long length() {
    return lineLength;
  }

  /** Forgets a line that belongs to the slice before; numbers begin behind it. */
  void forgetNumber() {
    number = 0;
  }

  @Override
  public void close() {
    if (buffer != null) {
      buffers.giveBackLines(buffer);
      buffer = null; // another reader may have it from now on
    }
    try {
      in.close();
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  private boolean found(int newline, int behind) {
    line = buffer;
    lineStart = start;
    lineEnd = newline;
    lineOffset = offsetOfBuffer + start;
    lineLength = (long) newline - start;
    nextStart = behind;
    number++;
    return true;
  }

  /** Makes room for more: of the line that is being read, only the beginning stays. */
  private void dropLines() {
    nextStart = 0;
    if (start == 0) {
      return;
    }
    System.arraycopy(buffer, start, buffer, 0, filled - start);
    offsetOfBuffer += start;
    filled -= start;
    complete = Math.max(0, complete - start);
    start = 0;
  }

  private int newline(int from) {
    byte[] bytes = buffer;
    int i = from;
    for (; i + Long.BYTES <= filled; i += Long.BYTES) {
      // A byte that is a newline becomes zero, and the borrow sets its highest bit.
      long word = (long) LONG.get(bytes, i) ^ NEWLINES;
      long found = (word - ONES) & ~word & HIGH_BITS;
      if (found != 0) {
        return i + Long.numberOfTrailingZeros(found) / Byte.SIZE;
      }
    }
    for (; i < filled; i++) {
      if (bytes[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /** The last newline at or behind {@code from}, or -1. */
  private int lastNewline(int from) {
    int i = filled;
    while (i - Long.BYTES >= from) {
      long word = (long) LONG.get(buffer, i - Long.BYTES) ^ NEWLINES;
      if (((word - ONES) & ~word & HIGH_BITS) != 0) {
        break;
      }
      i -= Long.BYTES;
    }
    while (i > from && buffer[i - 1] != '\n') {
      i--;
    }
    return i > from ? i - 1 : -1;
  }

  /** Walks to the end of a line over the limit and keeps as much of it as the quarantine wants. */
  private boolean skipRest() {
    int kept = (int) Math.min(filled - start, limits.quarantinedBytes());
    line = Arrays.copyOfRange(buffer, start, start + kept);
    lineStart = 0;
    lineEnd = kept;
    lineOffset = offsetOfBuffer + start;
    lineLength = (long) filled - start;
    int newline = -1;
    do {
      offsetOfBuffer += filled;
      filled = 0;
      complete = 0;
      if (!fill()) {
        break;
      }
      newline = newline(0);
      lineLength += newline < 0 ? filled : newline;
    } while (newline < 0);
    nextStart = newline + 1;
    number++;
    return true;
  }

  private boolean fill() {
    if (ended) {
      return false;
    }
    if (filled == buffer.length) {
      long most = Math.min(Integer.MAX_VALUE - 8, limits.lineBytes() + CHUNK);
      buffer = Arrays.copyOf(buffer, (int) Math.max(filled + CHUNK, Math.min(2L * filled, most)));
    }
    long begin = System.nanoTime();
    long readBefore = times.readNanos();
    int count = 0;
    try {
      count = in.read(buffer, filled, buffer.length - filled);
    } catch (IOException e) {
      throw damaged(e);
    } finally {
      long reading = times.readNanos() - readBefore;
      times.addUnpacked(System.nanoTime() - begin - reading, Math.max(0, count));
    }
    ended = count < 0;
    int before = filled;
    filled += Math.max(0, count);
    int newline = lastNewline(before);
    complete = newline < 0 ? complete : newline + 1;
    checkExpansion();
    return !ended;
  }

  private void checkExpansion() {
    long unpacked = times.unpackedBytes();
    if (unpacked > limits.expansionFreeBytes()
        && unpacked > limits.expansion() * times.storedBytes()) {
      throw new DataException(
          DocumentError.DECOMPRESSION_BOMB,
          ("%s unpacks to more than %s times its size (%,d bytes from %,d): "
                  + "raise limits.expansion if that is right")
              .formatted(file.location(), limits.expansion(), unpacked, times.storedBytes()));
    }
  }

  private DataException damaged(IOException e) {
    boolean truncated = e instanceof EOFException || isTruncation(e.getMessage());
    return new DataException(
        truncated ? DocumentError.TRUNCATED_FILE : DocumentError.DAMAGED_FILE,
        "%s cannot be unpacked behind byte %,d of its text (%,d of %,d stored bytes read): %s"
            .formatted(
                file.location(),
                times.unpackedBytes(),
                times.storedBytes(),
                file.bytes(),
                e.getMessage()),
        e);
  }

  private static boolean isTruncation(String message) {
    return message != null && (message.contains("Truncated") || message.contains("truncated"));
  }
}
