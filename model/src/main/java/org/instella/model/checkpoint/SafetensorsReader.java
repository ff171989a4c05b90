package org.instella.model.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedMap;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.AlignedMemory;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.UncachedReads;

/**
 * One safetensors file. The header is read and checked when it is opened; bytes of tensors are
 * mapped ({@link #buffer}, {@link #window}) or copied ({@link #read}). Safe for many threads.
 *
 * <p>Mapped buffers stay valid after {@link #close}: they own their mapping.
 */
public final class SafetensorsReader implements AutoCloseable {
  private final Storage storage;
  private final Location file;
  private final SafetensorsHeader header;
  private FileChannel channel;
  private Optional<UncachedReads> uncached;

  private SafetensorsReader(
      Storage storage, Location file, SafetensorsHeader header, FileChannel channel) {
    this.storage = storage;
    this.file = file;
    this.header = header;
    this.channel = channel;
  }

  /**
   * Opens a file and checks its header against its length.
   *
   * @throws DataException if the file breaks the format; the message names file and tensor
   */
  public static SafetensorsReader open(Storage storage, Location file) {
    long fileBytes = storage.stat(file).bytes();
    SafetensorsHeader header;
    try (InputStream in = storage.open(file)) {
      byte[] first = in.readNBytes(SafetensorsHeader.LENGTH_BYTES);
      int length =
          SafetensorsHeader.length(
              ByteBuffer.wrap(first), Math.min(fileBytes, cut(first, fileBytes)), file.uri());
      byte[] json = in.readNBytes(length);
      header = SafetensorsHeader.parse(json, fileBytes, file.uri());
    } catch (IOException e) {
      throw readFailed(file, e);
    }
    return new SafetensorsReader(storage, file, header, file.isLocal() ? channel(file) : null);
  }

  public Location location() {
    return file;
  }

  /** Tensors in the order of their bytes. */
  public Collection<TensorInfo> tensors() {
    return header.tensors().values();
  }

  /** Names in the order of their bytes. */
  public Collection<String> names() {
    return header.tensors().keySet();
  }

  /** Texts that the writer left, for example {@code format=pt}. */
  public SortedMap<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Type, shape and place of one tensor.
   *
   * @throws DataException if the file has no such tensor
   */
  public TensorInfo info(String name) {
    TensorInfo info = header.tensors().get(name);
    if (info == null) {
      throw new DataException(
          ModelFileError.TENSOR_MISSING,
          "%s has no tensor \"%s\"; it has %,d others"
              .formatted(file, name, header.tensors().size()));
    }
    return info;
  }

  /**
   * A whole tensor as a read-only little-endian memory map.
   *
   * @throws IllegalArgumentException if it has 2 GiB or more; use {@link #window} there
   */
  public ByteBuffer buffer(String name) {
    TensorInfo info = info(name);
    if (info.bytes() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "tensor %s has %,d bytes: map it in windows".formatted(name, info.bytes()));
    }
    return window(name, 0, (int) info.bytes());
  }

  /** Bytes {@code [begin, begin + length)} of a tensor as a read-only little-endian memory map. */
  public ByteBuffer window(String name, long begin, int length) {
    TensorInfo info = info(name);
    checkRange(info, begin, length);
    try {
      return channel()
          .map(MapMode.READ_ONLY, header.dataBegin() + info.begin() + begin, length)
          .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw readFailed(file, e);
    }
  }

  /**
   * Copies bytes of a tensor, from byte {@code begin} of it on, until {@code target} is full. Local
   * files are read at a position, others by a ranged stream, so no local copy is made.
   */
  public void read(String name, long begin, ByteBuffer target) {
    TensorInfo info = info(name);
    checkRange(info, begin, target.remaining());
    long position = header.dataBegin() + info.begin() + begin;
    try {
      if (file.isLocal()) {
        readFully(channel(), position, target);
      } else {
        readFully(storage, position, target);
      }
    } catch (EOFException e) {
      throw cutShort(name, e);
    } catch (IOException e) {
      throw readFailed(file, e);
    }
  }

  /**
   * As {@link #read}, for bytes that nobody needs again soon: those of a local file that are not in
   * the system's page cache are read past it and do not get into it.
   *
   * @param room from {@link AlignedMemory}, for {@code length} bytes or more
   * @return the bytes, inside {@code room}; valid until the room is used again
   */
  public ByteBuffer readOnce(String name, long begin, int length, ByteBuffer room) {
    Optional<UncachedReads> reads = uncached();
    if (reads.isEmpty()) {
      read(name, begin, room.clear().limit(length));
      return room.flip();
    }
    TensorInfo info = info(name);
    checkRange(info, begin, length);
    try {
      return reads.get().read(header.dataBegin() + info.begin() + begin, length, room);
    } catch (EOFException e) {
      throw cutShort(name, e);
    } catch (IOException e) {
      throw readFailed(file, e);
    }
  }

  /** Whether {@link #readOnce} would have to ask the disk for the first bytes of a tensor. */
  public boolean isCold(String name) {
    return uncached()
        .map(reads -> !reads.isCached(header.dataBegin() + info(name).begin()))
        .orElse(false);
  }

  private synchronized Optional<UncachedReads> uncached() {
    if (uncached == null) {
      uncached =
          file.isLocal() ? UncachedReads.open(file.toLocalPath(), channel()) : Optional.empty();
    }
    return uncached;
  }

  private DataException cutShort(String tensor, EOFException e) {
    return new DataException(
        ModelFileError.SAFETENSORS_MALFORMED,
        "%s became shorter while it was read: tensor \"%s\" is cut; copy the file again"
            .formatted(file, tensor),
        e);
  }

  @Override
  public synchronized void close() {
    try {
      if (uncached != null && uncached.isPresent()) {
        uncached.get().close();
      }
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw readFailed(file, e);
    }
  }

  private synchronized FileChannel channel() {
    if (channel == null) { // a remote file that somebody wants to map
      channel = channel(Location.of(storage.localCopy(file)));
    }
    return channel;
  }

  private static FileChannel channel(Location local) {
    try {
      return FileChannel.open(local.toLocalPath(), StandardOpenOption.READ);
    } catch (IOException e) {
      throw readFailed(local, e);
    }
  }

  private static void readFully(FileChannel from, long position, ByteBuffer target)
      throws IOException {
    for (long at = position; target.hasRemaining(); ) {
      int read = from.read(target, at);
      if (read < 0) {
        throw new EOFException();
      }
      at += read;
    }
  }

  private void readFully(Storage from, long position, ByteBuffer target) throws IOException {
    byte[] block = new byte[Math.min(1 << 20, Math.max(1, target.remaining()))];
    try (InputStream in = from.open(file, position)) {
      while (target.hasRemaining()) {
        int read = in.read(block, 0, Math.min(block.length, target.remaining()));
        if (read < 0) {
          throw new EOFException();
        }
        target.put(block, 0, read);
      }
    }
  }

  /** A file that shrank between stat and read counts with the bytes that came. */
  private static long cut(byte[] first, long fileBytes) {
    return first.length < SafetensorsHeader.LENGTH_BYTES ? first.length : fileBytes;
  }

  private static void checkRange(TensorInfo info, long begin, int length) {
    if (begin < 0 || length < 0 || begin > info.bytes() - length) {
      throw new IndexOutOfBoundsException(
          "bytes [%d, %d) of tensor %s, which has %d"
              .formatted(begin, begin + length, info.name(), info.bytes()));
    }
  }

  private static EnvironmentException readFailed(Location file, IOException e) {
    return new EnvironmentException(
        ModelFileError.READ_FAILED, "Cannot read %s: %s".formatted(file, e.getMessage()), e);
  }
}
