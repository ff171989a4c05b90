package org.instella.tokenize.document.gzip;

import static org.instella.tokenize.document.gzip.HuffmanTable.END_OF_BLOCK;
import static org.instella.tokenize.document.gzip.HuffmanTable.EXCEPTION;
import static org.instella.tokenize.document.gzip.HuffmanTable.LONGER;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.ZipException;

/**
 * Unpacks deflate (RFC 1951): the next bits of the stream in one long, a symbol and the bits behind
 * it in one look-up of a table, repeated text sixteen bytes at a time. It takes what zlib takes and
 * refuses what zlib refuses.
 *
 * <p>Unpacked bytes lie in {@link #out}, the last 32 KiB before them too. Belongs to one thread.
 */
final class Inflate {
  /** Unpacked bytes that a step gives, at most. */
  private static final int STEP = 3 << 15;

  private static final int WINDOW = 1 << 15;

  /** How far one round of the fast loop may go beyond the end of a step. */
  private static final int OVERHANG = 320;

  /** Length of {@link #out}. */
  static final int BYTES = WINDOW + STEP + OVERHANG;

  // Constants, not the tables' lengths: the fast loop is short of registers.
  private static final int LITERAL_MASK = (1 << DeflateCodes.LITERAL_BITS) - 1;
  private static final int DISTANCE_MASK = (1 << DeflateCodes.DISTANCE_BITS) - 1;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private enum State {
    BLOCK_HEADER,
    STORED,
    CODED,
    END
  }

  /** Unpacked bytes, {@link #begin()} to {@link #end()} of them new. */
  final byte[] out;

  private final PackedInput in;
  private final HuffmanTable ownLiterals;
  private final HuffmanTable ownDistances;
  private final HuffmanTable codeLengths;
  private final byte[] lengths;
  private HuffmanTable literals;
  private HuffmanTable distances;

  private State state = State.END;
  private boolean lastBlock;
  private int storedLeft;
  private int begin;
  private int end;

  /** First byte of {@code out} that belongs to this stream: matches may not reach before it. */
  private int origin;

  Inflate(PackedInput in, GzipBuffers buffers) {
    this.in = in;
    out = buffers.unpacked;
    ownLiterals = buffers.literals;
    ownDistances = buffers.distances;
    codeLengths = buffers.codeLengths;
    lengths = buffers.lengths;
  }

  /** Begins a stream at the next byte of the input. */
  void start() {
    state = State.BLOCK_HEADER;
    begin = end;
    origin = end;
  }

  /** Whether the stream's last block has been unpacked; its input then stands at a whole byte. */
  boolean finished() {
    return state == State.END;
  }

  int begin() {
    return begin;
  }

  int end() {
    return end;
  }

  /**
   * Unpacks some more; what was unpacked before is forgotten.
   *
   * @throws ZipException if the bytes are no deflate stream; {@link #end()} tells what was unpacked
   *     before
   * @throws java.io.EOFException if they end early
   */
  void step() throws IOException {
    makeRoom();
    int limit = WINDOW + STEP;
    while (end < limit && state != State.END) {
      switch (state) {
        case BLOCK_HEADER -> readHeader();
        case STORED -> copyStored(limit);
        case CODED -> {
          while (state == State.CODED && end < limit) {
            if (in.readAhead()) {
              decode(limit);
            }
            // Near the end of the input, and where the fast loop leaves something to be looked at.
            if (state == State.CODED && end < limit) {
              decodeOne();
            }
          }
        }
        case END -> throw new IllegalStateException("checked above");
      }
    }
  }

  private void makeRoom() {
    if (end >= WINDOW) {
      int forgotten = end - WINDOW;
      System.arraycopy(out, forgotten, out, 0, WINDOW);
      origin = Math.max(0, origin - forgotten);
      end = WINDOW;
    }
    begin = end;
  }

  private void readHeader() throws IOException {
    if (lastBlock) {
      lastBlock = false;
      in.alignToByte();
      state = State.END;
      return;
    }
    lastBlock = in.bits(1) == 1;
    switch (in.bits(2)) {
      case 0 -> {
        in.alignToByte();
        storedLeft = in.next() | in.next() << 8;
        int complement = in.next() | in.next() << 8;
        if (storedLeft != (~complement & 0xFFFF)) {
          throw bad("the length of a stored block does not fit its complement");
        }
        state = State.STORED;
      }
      case 1 -> {
        literals = DeflateCodes.fixed(false);
        distances = DeflateCodes.fixed(true);
        state = State.CODED;
      }
      case 2 -> {
        readCodes();
        literals = ownLiterals;
        distances = ownDistances;
        state = State.CODED;
      }
      default -> throw bad("a block of a kind that does not exist");
    }
  }

  private void readCodes() throws IOException {
    int literalCount = in.bits(5) + 257;
    int distanceCount = in.bits(5) + 1;
    int lengthCount = in.bits(4) + 4;
    if (literalCount > 286 || distanceCount > 30) {
      throw bad("too many symbols: %d and %d".formatted(literalCount, distanceCount));
    }
    for (int i = 0; i < DeflateCodes.LENGTH_ORDER.length; i++) {
      lengths[DeflateCodes.LENGTH_ORDER[i]] = (byte) (i < lengthCount ? in.bits(3) : 0);
    }
    if (!codeLengths.build(lengths, 0, DeflateCodes.LENGTH_ORDER.length, false)) {
      throw bad("no code of the code lengths");
    }
    readLengths(literalCount + distanceCount);
    if (lengths[DeflateCodes.END] == 0) {
      throw bad("a block has no end");
    }
    if (!ownLiterals.build(lengths, 0, literalCount, true)) {
      throw bad("no code of the literals");
    }
    if (!ownDistances.build(lengths, literalCount, distanceCount, true)) {
      throw bad("no code of the distances");
    }
  }

  private void readLengths(int total) throws IOException {
    int at = 0;
    while (at < total) {
      if (in.held < HuffmanTable.MAX_BITS) {
        in.refill();
      }
      int entry = codeLengths.first[(int) in.hold & (codeLengths.first.length - 1)];
      in.drop(entry & 0xFF);
      in.checkEnd();
      int symbol = entry >>> 16;
      if (symbol < 16) {
        lengths[at++] = (byte) symbol;
        continue;
      }
      int times =
          switch (symbol) {
            case 16 -> 3 + in.bits(2);
            case 17 -> 3 + in.bits(3);
            default -> 11 + in.bits(7);
          };
      if (symbol == 16 && at == 0) {
        throw bad("the first code length repeats one before it");
      }
      byte repeated = symbol == 16 ? lengths[at - 1] : 0;
      if (at + times > total) {
        throw bad("more code lengths than symbols");
      }
      for (; times > 0; times--) {
        lengths[at++] = repeated;
      }
    }
  }

  private void copyStored(int limit) throws IOException {
    while (storedLeft > 0 && end < limit) {
      if (in.position == in.limit) {
        in.readAhead();
      }
      int count = Math.min(Math.min(storedLeft, limit - end), in.limit - in.position);
      if (count == 0) {
        in.next(); // says that there is none
      }
      System.arraycopy(in.bytes, in.position, out, end, count);
      in.position += count;
      end += count;
      storedLeft -= count;
    }
    if (storedLeft == 0) {
      state = State.BLOCK_HEADER;
    }
  }

  /**
   * The fast loop: as long as there are bytes ahead and room behind, without asking for either
   * inside a round. It leaves the end of the block, and whatever is wrong, to {@link #decodeOne}.
   *
   * <p>What bounds it is the way from one symbol to the next: a look-up, a shift, a look-up. So a
   * round begins with its first entry known, taken from the bits that the round before has left
   * over, and the bits are loaded anew while that entry is looked at.
   */
  private void decode(int limit) {
    byte[] packed = in.bytes;
    byte[] unpacked = out;
    int[] literal = literals.first;
    int[] distant = distances.first;
    int bitEnd = (in.limit - PackedInput.AHEAD) << 3;
    int bit = in.bit();
    int to = end;
    int entry = literal[(int) PackedInput.bits(packed, bit) & LITERAL_MASK];
    while (bit <= bitEnd && to < limit) {
      long hold = PackedInput.bits(packed, bit); // 57 or more
      if (entry < 0) {
        // Shifts by an entry are shifts by its lowest six bits.
        hold >>>= entry;
        bit += entry & 0xFF;
        unpacked[to++] = (byte) (entry >>> 16);
        entry = literal[(int) hold & LITERAL_MASK];
        if (entry < 0) {
          hold >>>= entry;
          bit += entry & 0xFF;
          unpacked[to++] = (byte) (entry >>> 16);
          entry = literal[(int) hold & LITERAL_MASK];
          if (entry < 0) {
            hold >>>= entry;
            bit += entry & 0xFF;
            unpacked[to++] = (byte) (entry >>> 16);
            entry = literal[(int) hold & LITERAL_MASK];
            continue;
          }
        }
        hold = PackedInput.bits(packed, bit);
      }
      int bitBefore = bit;
      if ((entry & EXCEPTION) != 0) {
        if ((entry & LONGER) == 0) {
          break;
        }
        hold >>>= entry;
        bit += entry & 0xFF;
        entry = literals.longer(entry, hold);
        if (entry < 0) {
          hold >>>= entry;
          bit += entry & 0xFF;
          unpacked[to++] = (byte) (entry >>> 16);
          entry = literal[(int) hold & LITERAL_MASK];
          continue;
        }
      }
      int length = (entry >>> 16) + (int) ((hold & ~(-1L << entry)) >>> (entry >>> 8));
      hold >>>= entry;
      bit += entry & 0xFF;
      int far = distant[(int) hold & DISTANCE_MASK];
      if ((far & LONGER) != 0) {
        hold >>>= far;
        bit += far & 0xFF;
        far = distances.longer(far, hold);
      }
      int from = to - (far >>> 16) - (int) ((hold & ~(-1L << far)) >>> (far >>> 8));
      hold >>>= far;
      bit += far & 0xFF;
      if (((entry | far) & EXCEPTION) != 0 || from < origin) {
        bit = bitBefore;
        break;
      }
      // A length and a distance take 48 bits at most, nearly always leaving enough.
      boolean enough = bit - bitBefore <= 57 - DeflateCodes.LITERAL_BITS;
      entry = literal[(int) (enough ? hold : PackedInput.bits(packed, bit)) & LITERAL_MASK];
      copy(unpacked, to, to - from, length);
      to += length;
    }
    in.goTo(bit);
    end = to;
  }

  /** Repeats what stands {@code distance} bytes before; up to 16 bytes behind are overwritten. */
  private static void copy(byte[] bytes, int to, int distance, int length) {
    int from = to - distance;
    int stop = to + length;
    if (distance >= 16) {
      do {
        LONG.set(bytes, to, (long) LONG.get(bytes, from));
        LONG.set(bytes, to + 8, (long) LONG.get(bytes, from + 8));
        to += 16;
        from += 16;
      } while (to < stop);
      return;
    }
    // A word may hold bytes that are not written yet; the next one, a period later, mends them.
    int period = Math.min(distance, Long.BYTES);
    do {
      LONG.set(bytes, to, (long) LONG.get(bytes, from));
      to += period;
      from += period;
    } while (to < stop);
  }

  /** One symbol, with all checks. */
  private void decodeOne() throws IOException {
    in.refill();
    int entry = take(literals);
    if (entry < 0) {
      in.checkEnd();
      out[end++] = (byte) (entry >>> 16);
      return;
    }
    if ((entry & EXCEPTION) != 0) {
      in.checkEnd();
      if ((entry & END_OF_BLOCK) == 0) {
        throw bad("a code stands for no symbol");
      }
      state = State.BLOCK_HEADER;
      return;
    }
    int length = (entry >>> 16) + in.behind(entry);
    int far = take(distances);
    int distance = (far >>> 16) + in.behind(far);
    in.checkEnd();
    if ((far & EXCEPTION) != 0) {
      throw bad("a code stands for no distance");
    }
    if (end - distance < origin) {
      throw bad("a match reaches %d bytes before the beginning".formatted(origin - end + distance));
    }
    for (int i = 0; i < length; i++, end++) {
      out[end] = out[end - distance];
    }
  }

  /** The next symbol's entry; the bits behind the code are left to {@link PackedInput#behind}. */
  private int take(HuffmanTable table) {
    int entry = table.first[(int) in.hold & (table.first.length - 1)];
    if ((entry & LONGER) != 0) {
      in.drop(table.bits);
      entry = table.longer(entry, in.hold);
    }
    in.drop(HuffmanTable.codeBits(entry));
    return entry;
  }

  private ZipException bad(String why) {
    return new ZipException("bad deflate data (%s) before packed byte %d".formatted(why, in.at()));
  }
}
