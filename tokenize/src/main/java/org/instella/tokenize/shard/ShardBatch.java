package org.instella.tokenize.shard;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * One record batch of a mapped shard: views of its buffers, nothing copied.
 *
 * @param firstToken position in the shard of its first token
 * @param firstDocument ordinal in the shard of its first document
 * @param ids the token ids as bytes, {@code tokens * width} of them
 */
record ShardBatch(
    long firstToken,
    int firstDocument,
    int tokens,
    int documents,
    IntBuffer documentOffsets,
    ByteBuffer ids,
    IntBuffer idOffsets,
    ByteBuffer idBytes,
    IntBuffer fileOffsets,
    ByteBuffer fileBytes,
    LongBuffer lines) {

  /** Copies {@code length} ids from {@code token} of this batch, widened to int. */
  void copy(TokenWidth width, int token, int[] out, int from, int length) {
    switch (width) {
      case UINT16 -> {
        int at = token * 2;
        for (int i = from; i < from + length; i++, at += 2) {
          out[i] = ids.getShort(at) & 0xFFFF;
        }
      }
      case UINT32 -> {
        int at = token * 4;
        for (int i = from; i < from + length; i++, at += 4) {
          out[i] = ids.getInt(at);
        }
      }
    }
  }

  /** The document of this batch that holds {@code token}: the last that begins at or before it. */
  int documentAt(int token) {
    int low = 0;
    int high = documents;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (documentOffsets.get(middle) <= token) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
