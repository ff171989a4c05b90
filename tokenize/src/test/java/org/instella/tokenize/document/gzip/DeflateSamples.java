package org.instella.tokenize.document.gzip;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.Random;
import java.util.zip.Deflater;

/** Contents of all kinds and deflate streams of them, drawn from a seed. */
final class DeflateSamples {
  private DeflateSamples() {}

  /** Text, noise, long runs and short periods, in turns. */
  static byte[] content(Random random, int most) {
    byte[] bytes = new byte[random.nextInt(most)];
    int at = 0;
    while (at < bytes.length) {
      int count = Math.min(bytes.length - at, 1 + random.nextInt(1 + random.nextInt(40_000)));
      int kind = random.nextInt(6);
      int alphabet = 1 + random.nextInt(256);
      int period = 1 + random.nextInt(random.nextBoolean() ? 20 : 33_000);
      for (int i = 0; i < count; i++, at++) {
        bytes[at] =
            switch (kind) {
              case 0 -> (byte) random.nextInt(alphabet);
              case 1 -> (byte) alphabet;
              case 2, 3 -> at < period ? (byte) 'x' : bytes[at - period];
              case 4 -> (byte) ('a' + Math.min(25, (int) Math.abs(4 * random.nextGaussian())));
              default -> at < period || random.nextInt(30) == 0 ? (byte) at : bytes[at - period];
            };
      }
    }
    return bytes;
  }

  /** Raw deflate of any level, strategy and block structure. */
  static byte[] packed(Random random, byte[] content) {
    Deflater deflater = new Deflater(random.nextInt(10), true);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 14];
    try {
      deflater.setStrategy(random.nextInt(4) == 0 ? random.nextInt(3) : Deflater.DEFAULT_STRATEGY);
      for (int at = 0; at < content.length; ) {
        int count = Math.min(content.length - at, 1 + random.nextInt(100_000));
        deflater.setInput(content, at, count);
        int flush = random.nextInt(4) == 0 ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH;
        for (int given = -1; given != 0 || !deflater.needsInput(); ) {
          given = deflater.deflate(buffer, 0, buffer.length, flush);
          out.write(buffer, 0, given);
        }
        at += count;
      }
      deflater.finish();
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  /** The same bytes, given in pieces of any size. */
  static InputStream inPieces(Random random, byte[] bytes) {
    int most = random.nextBoolean() ? 1 << 20 : 1 + random.nextInt(200);
    return new ByteArrayInputStream(bytes) {
      @Override
      public int read(byte[] buffer, int from, int length) {
        return super.read(buffer, from, Math.min(length, 1 + random.nextInt(most)));
      }
    };
  }
}
