package org.instella.tokenize.shard.convert;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.instella.tokenize.shard.TokenShard;
import org.instella.tokenize.shard.TokenWidth;

/** Ids one behind the other, little-endian, without any header: the body of both formats. */
final class IdStream {
  private static final int CHUNK = 1 << 15;

  private IdStream() {}

  /** Writes all ids of a shard. */
  static void write(TokenShard shard, OutputStream out) throws IOException {
    TokenWidth width = shard.header().width();
    int[] ids = new int[CHUNK];
    ByteBuffer bytes = ByteBuffer.allocate(CHUNK * width.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (long position = 0; position < shard.tokens(); position += CHUNK) {
      int length = (int) Math.min(CHUNK, shard.tokens() - position);
      shard.copy(position, ids, 0, length);
      bytes.clear();
      for (int i = 0; i < length; i++) {
        switch (width) {
          case UINT16 -> bytes.putShort((short) ids[i]);
          case UINT32 -> bytes.putInt(ids[i]);
        }
      }
      out.write(bytes.array(), 0, bytes.position());
    }
  }

  /** Reads {@code count} ids into {@code ids}. */
  static void read(InputStream in, TokenWidth width, int[] ids, int count) throws IOException {
    byte[] chunk = new byte[Math.min(CHUNK, count) * width.bytes()];
    ByteBuffer bytes = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
    for (int done = 0; done < count; ) {
      int now = Math.min(CHUNK, count - done);
      if (in.readNBytes(chunk, 0, now * width.bytes()) < now * width.bytes()) {
        throw new EOFException("it ends before id %d of a document of %d".formatted(done, count));
      }
      bytes.clear();
      for (int i = done; i < done + now; i++) {
        ids[i] =
            switch (width) {
              case UINT16 -> bytes.getShort() & 0xFFFF;
              case UINT32 -> bytes.getInt();
            };
      }
      done += now;
    }
  }
}
