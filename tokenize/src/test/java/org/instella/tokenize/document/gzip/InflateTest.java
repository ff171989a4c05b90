package org.instella.tokenize.document.gzip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Our inflater against zlib, on good streams and on bad ones. */
class InflateTest {
  /** One for all streams, good and bad: nothing of one may show in the next. */
  private final GzipBuffers buffers = new GzipBuffers();

  private enum End {
    WHOLE,
    CUT_SHORT,
    DAMAGED,
    NO_CODE_LENGTHS
  }

  /**
   * How a stream ended and what it gave.
   *
   * @param left bytes behind the end of a whole one
   */
  private record Outcome(End end, byte[] bytes, long left) {}

  @Test
  void readsWhatZlibWrites() throws IOException {
    roundTrips(0, 300);
  }

  @Tag("long")
  @Test
  void readsVeryMuchThatZlibWrites() throws IOException {
    roundTrips(1_000_000, 20_000);
  }

  @Test
  void takesAndRefusesWhatZlibDoes() throws IOException {
    damages(0, 3_000);
  }

  @Tag("long")
  @Test
  void takesAndRefusesVeryMuchAsZlibDoes() throws IOException {
    damages(1_000_000, 400_000);
  }

  /** Headers of random bits: codes that are none, too short, too long, without an end. */
  @Test
  void takesAndRefusesRandomBitsAsZlibDoes() throws IOException {
    for (long seed = 0; seed < 60_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = new byte[1 + random.nextInt(300)];
      random.nextBytes(bytes);
      bytes[0] = (byte) (bytes[0] & ~7 | (random.nextInt(8) == 0 ? 2 : 4) | random.nextInt(2));
      if (random.nextInt(3) > 0) {
        // Few bits set make short code lengths, so that more headers come to an end.
        for (int i = 1; i < bytes.length; i++) {
          bytes[i] &= (byte) random.nextInt(256);
        }
      }
      compare("bits of seed " + seed, bytes, random);
    }
  }

  /** One code of one bit is allowed, and its other bit stands for nothing. */
  @Test
  void aLoneCodeMayStandAlone() throws IOException {
    for (String bits :
        new String[] {
          // last, dynamic; 257 literals, 1 or 2 distances; code lengths of 0, 1 and 18 (1, 2, 2
          // bits); 138 + 118 zeros, the end: one bit; the distances: none, or one of one bit
          "1"
              + "01"
              + "00000"
              + "00000"
              + "0111"
              + "000"
              + "000"
              + "010"
              + "100"
              + "000".repeat(13)
              + "010"
              + "0"
              + "11"
              + "1111111"
              + "11"
              + "1101011"
              + "10"
              + "0"
              + "0",
          "1"
              + "01"
              + "00000"
              + "10000"
              + "0111"
              + "000"
              + "000"
              + "010"
              + "100"
              + "000".repeat(13)
              + "010"
              + "0"
              + "11"
              + "1111111"
              + "11"
              + "1101011"
              + "10"
              + "10"
              + "0"
              + "0"
              + "1"
              + "1",
        }) {
      compare(bits, bytes(bits + "0".repeat(64)), new Random(1));
    }
  }

  private static byte[] bytes(String bits) {
    byte[] bytes = new byte[bits.length() / 8 + 1];
    for (int i = 0; i < bits.length(); i++) {
      bytes[i / 8] |= (byte) (bits.charAt(i) - '0' << (i & 7));
    }
    return bytes;
  }

  private void roundTrips(long firstSeed, int count) throws IOException {
    for (long seed = firstSeed; seed < firstSeed + count; seed++) {
      Random random = new Random(seed);
      byte[] content = DeflateSamples.content(random, 300_000);
      byte[] packed = DeflateSamples.packed(random, content);
      byte[] followed = Arrays.copyOf(packed, packed.length + random.nextInt(100));
      Outcome ours = ours(followed, random);
      assertThat(ours.end()).as("seed %d", seed).isEqualTo(End.WHOLE);
      assertThat(Arrays.mismatch(ours.bytes(), content)).as("seed %d", seed).isEqualTo(-1);
      assertThat(ours.left()).as("seed %d", seed).isEqualTo(followed.length - packed.length);
    }
  }

  private void damages(long firstSeed, int count) throws IOException {
    for (long seed = firstSeed; seed < firstSeed + count; seed++) {
      Random random = new Random(seed);
      byte[] packed = DeflateSamples.packed(random, DeflateSamples.content(random, 20_000));
      if (random.nextBoolean()) {
        packed = Arrays.copyOf(packed, random.nextInt(packed.length + 1));
      }
      for (int i = random.nextInt(4); i > 0 && packed.length > 0; i--) {
        // Half of it near the beginning, where the codes stand.
        int at =
            random.nextInt(random.nextBoolean() ? packed.length : Math.min(100, packed.length));
        packed[at] ^= (byte) (1 << random.nextInt(8));
      }
      compare("damage of seed " + seed, packed, random);
    }
  }

  private void compare(String what, byte[] packed, Random random) throws IOException {
    Outcome zlib = zlib(packed);
    Outcome ours = ours(packed, random);
    if (ours.end() == End.NO_CODE_LENGTHS) {
      // zlib reads on, to find at the end of the header that the block has no end.
      assertThat(zlib.end()).as(what).isNotEqualTo(End.WHOLE);
    } else {
      assertThat(ours.end()).as(what).isEqualTo(zlib.end());
    }
    // Where it is bad, one may give more than the other of what stands before.
    boolean whole = zlib.end() == End.WHOLE;
    int common = Math.min(ours.bytes().length, zlib.bytes().length);
    assertThat(Arrays.mismatch(ours.bytes(), zlib.bytes())).as(what).isIn(-1, whole ? -1 : common);
    if (whole) {
      assertThat(ours.left()).as(what).isEqualTo(zlib.left());
    }
  }

  private static Outcome zlib(byte[] packed) {
    Inflater inflater = new Inflater(true);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 14];
    inflater.setInput(packed);
    try {
      while (true) {
        int count = inflater.inflate(buffer);
        out.write(buffer, 0, count);
        if (inflater.finished()) {
          return new Outcome(End.WHOLE, out.toByteArray(), inflater.getRemaining());
        }
        if (count == 0) {
          return new Outcome(End.CUT_SHORT, out.toByteArray(), 0);
        }
      }
    } catch (DataFormatException e) {
      return new Outcome(End.DAMAGED, out.toByteArray(), 0);
    } finally {
      inflater.end();
    }
  }

  private Outcome ours(byte[] packed, Random random) throws IOException {
    PackedInput input = new PackedInput(DeflateSamples.inPieces(random, packed), buffers.packed);
    Inflate inflate = new Inflate(input, buffers);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    inflate.start();
    while (!inflate.finished()) {
      IOException failure = null;
      try {
        inflate.step();
      } catch (IOException e) {
        failure = e;
      }
      out.write(inflate.out, inflate.begin(), inflate.end() - inflate.begin());
      if (failure != null) {
        End end =
            failure instanceof EOFException
                ? End.CUT_SHORT
                : failure.getMessage().contains("no code of the code lengths")
                    ? End.NO_CODE_LENGTHS
                    : End.DAMAGED;
        return new Outcome(end, out.toByteArray(), 0);
      }
    }
    long left = packed.length - input.at();
    return new Outcome(End.WHOLE, out.toByteArray(), left);
  }
}
