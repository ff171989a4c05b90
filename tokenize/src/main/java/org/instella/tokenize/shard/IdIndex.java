package org.instella.tokenize.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;

/**
 * Finds the documents of a shard by id: sorted numbers, each the CRC-32 of an id in the high half
 * and the document's ordinal in the low half. Two ids may share a CRC-32, so a hit is a candidate
 * whose id column decides.
 *
 * <p>On disk ({@code part-00000.ids}, beside the shard): the eight letters {@code INSTIDX1}, the
 * number of documents as int64, the numbers as uint64 in ascending unsigned order; little-endian. A
 * lookup is a binary search in a memory map and touches a few pages.
 */
public final class IdIndex {
  /** The file's name is the shard's with this instead of {@code .arrow}. */
  public static final String SUFFIX = ".ids";

  private static final byte[] MAGIC = "INSTIDX1".getBytes(UTF_8);
  private static final int HEADER_BYTES = 16;

  private final LongBuffer entries;

  private IdIndex(LongBuffer entries) {
    this.entries = entries;
  }

  static long entry(long crc32, int document) {
    return crc32 << 32 | document;
  }

  /** Sorts {@code entries} in place and keeps them. */
  static IdIndex sorted(long[] entries) {
    // Flipping the highest bit makes the signed order of sort() the unsigned one.
    for (int i = 0; i < entries.length; i++) {
      entries[i] ^= Long.MIN_VALUE;
    }
    Arrays.parallelSort(entries);
    for (int i = 0; i < entries.length; i++) {
      entries[i] ^= Long.MIN_VALUE;
    }
    return new IdIndex(LongBuffer.wrap(entries));
  }

  /**
   * Maps an index file.
   *
   * @throws DataException if it is no index, or shorter than it says
   */
  public static IdIndex open(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long length = channel.size();
      if (length < HEADER_BYTES || length > Integer.MAX_VALUE) {
        throw corrupt(file, "it has %d bytes".formatted(length));
      }
      ByteBuffer map =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, length).order(ByteOrder.LITTLE_ENDIAN);
      byte[] magic = new byte[MAGIC.length];
      map.get(magic);
      long count = map.getLong();
      if (!Arrays.equals(magic, MAGIC) || count != (length - HEADER_BYTES) / Long.BYTES) {
        throw corrupt(file, "its header does not fit its %d bytes".formatted(length));
      }
      return new IdIndex(map.asLongBuffer());
    } catch (IOException e) {
      throw new EnvironmentException(
          ShardError.SHARD_CORRUPT, "Cannot read id index %s: %s".formatted(file, e), e);
    }
  }

  /** The number of documents. */
  public int size() {
    return entries.limit();
  }

  /** Ordinals of the documents whose id may be {@code id}, kept where {@code isIt} agrees. */
  int[] find(String id, IntPredicate isIt) {
    CRC32 crc = new CRC32();
    crc.update(id.getBytes(UTF_8));
    long wanted = entry(crc.getValue(), 0);
    int low = 0;
    int high = size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(entries.get(middle), wanted) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    IntStream.Builder found = IntStream.builder();
    for (int i = low; i < size() && entries.get(i) >>> 32 == crc.getValue(); i++) {
      int document = (int) entries.get(i);
      if (isIt.test(document)) {
        found.add(document);
      }
    }
    return found.build().toArray();
  }

  /** Writes the index in its file format; the stream stays open. */
  public void writeTo(OutputStream out) {
    ByteBuffer chunk = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    chunk.put(MAGIC).putLong(size());
    try {
      for (int i = 0; i < size(); i++) {
        if (chunk.remaining() < Long.BYTES) {
          out.write(chunk.array(), 0, chunk.position());
          chunk.clear();
        }
        chunk.putLong(entries.get(i));
      }
      out.write(chunk.array(), 0, chunk.position());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DataException corrupt(Path file, String why) {
    return new DataException(
        ShardError.SHARD_CORRUPT,
        "%s is not an index of document ids: %s; write the data set again".formatted(file, why));
  }
}
