package org.instella.model.checkpoint;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.LentOutput;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * Writes one safetensors file as a stream: the header first, then the tensors one after the other
 * in the order of {@link #tensors}, each in as many pieces as the caller likes. Equal tensors give
 * equal bytes, those that the reference implementation writes.
 *
 * <p>The file is complete only after {@link #finish}; {@link #close} without it leaves a partial
 * file, which is why writers work in a staging folder. Not safe for threads.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** What transformers asks for before it opens a file. */
  public static final SortedMap<String, String> TORCH_METADATA =
      Collections.unmodifiableSortedMap(new TreeMap<>(Map.of("format", "pt")));

  private final Location file;
  private final SafetensorsHeader header;
  private final OutputStream out;
  private final FileHash hash;
  private final Iterator<TensorInfo> remaining;
  private byte[] block = new byte[0];
  private TensorInfo current;
  private long missing;

  private SafetensorsWriter(
      Location file, SafetensorsHeader header, OutputStream out, FileHash hash) {
    this.hash = hash;
    this.file = file;
    this.header = header;
    this.out = out;
    this.remaining = header.tensors().values().iterator();
  }

  /**
   * Creates the file and writes its header.
   *
   * @param tensors names, types and shapes of all tensors, in any order
   */
  public static SafetensorsWriter create(
      Storage storage,
      Location file,
      List<TensorInfo> tensors,
      SortedMap<String, String> metadata) {
    return create(storage::create, file, tensors, metadata, FileHash.sha256());
  }

  /**
   * As {@link #create}, but the file's digest is a {@link org.instella.conf.manifest.TreeDigest},
   * which several cores compute together, and its bytes go past the page cache: for work that is
   * otherwise as fast as the disk.
   */
  public static SafetensorsWriter createWithTreeDigest(
      Storage storage,
      Location file,
      List<TensorInfo> tensors,
      SortedMap<String, String> metadata) {
    return create(storage::createLarge, file, tensors, metadata, FileHash.tree());
  }

  private static SafetensorsWriter create(
      Function<Location, OutputStream> open,
      Location file,
      List<TensorInfo> tensors,
      SortedMap<String, String> metadata,
      FileHash hash) {
    SafetensorsHeader header = SafetensorsHeader.layout(tensors, metadata);
    SafetensorsWriter writer = new SafetensorsWriter(file, header, open.apply(file), hash);
    try {
      byte[] bytes = header.toBytes();
      writer.put(ByteBuffer.wrap(bytes)).join();
      return writer;
    } catch (RuntimeException e) {
      try (writer) {
        throw e;
      }
    }
  }

  /** The tensors in the order in which their bytes must come: by type, then by name. */
  public Collection<TensorInfo> tensors() {
    return header.tensors().values();
  }

  /**
   * Writes the next bytes of a tensor and empties {@code bytes}.
   *
   * @throws IllegalStateException if it is not this tensor's turn or it has fewer bytes
   */
  public void write(String tensor, ByteBuffer bytes) {
    writeLent(tensor, bytes).join();
  }

  /** Where in the file a byte of a tensor belongs. */
  public long placeOf(String tensor, long offset) {
    return header.dataBegin() + header.tensors().get(tensor).begin() + offset;
  }

  /**
   * As {@link #write}, but returns while the bytes are perhaps still being hashed and written.
   * Buffers of {@link org.instella.conf.storage.AlignedMemory} whose bytes lie in the {@linkplain
   * #placeOf place} that belongs to them are not copied, where the storage can do that; what is in
   * front of their bytes is overwritten then.
   *
   * @return completes when the bytes are the caller's again
   */
  public CompletableFuture<Void> writeLent(String tensor, ByteBuffer bytes) {
    while (missing == 0) {
      if (!remaining.hasNext()) {
        throw new IllegalStateException("tensor " + tensor + " after the last one");
      }
      current = remaining.next();
      missing = current.bytes();
      if (missing == 0 && current.name().equals(tensor)) {
        return CompletableFuture.completedFuture(null);
      }
    }
    if (!current.name().equals(tensor) || bytes.remaining() > missing) {
      throw new IllegalStateException(
          "%d bytes of tensor %s where %d of %s are due"
              .formatted(bytes.remaining(), tensor, missing, current.name()));
    }
    missing -= bytes.remaining();
    return put(bytes);
  }

  /**
   * Puts the file on disk.
   *
   * @return its name, length and digest, for the manifest
   * @throws IllegalStateException if bytes are missing
   */
  public FileDigest finish() {
    boolean more = missing > 0;
    while (!more && remaining.hasNext()) {
      current = remaining.next();
      more = current.bytes() > 0;
    }
    if (more) {
      throw new IllegalStateException("bytes of tensor " + current.name() + " were never written");
    }
    close();
    return new FileDigest(file.name(), header.fileBytes(), hash.finish());
  }

  /** Closes the stream; only {@link #finish} makes a complete file. */
  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw writeFailed(e);
    }
  }

  private CompletableFuture<Void> put(ByteBuffer bytes) {
    CompletableFuture<Void> hashed = hash.update(bytes);
    try {
      if (out instanceof LentOutput lender) {
        return CompletableFuture.allOf(hashed, lender.lend(bytes));
      } else if (out instanceof WritableByteChannel channel) {
        channel.write(bytes);
      } else if (bytes.hasArray()) {
        out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        bytes.position(bytes.limit());
      } else {
        copyToStream(bytes);
      }
    } catch (IOException e) {
      hashed.join(); // the caller may reuse its bytes after a failure too
      throw writeFailed(e);
    }
    return hashed;
  }

  private void copyToStream(ByteBuffer bytes) throws IOException {
    if (block.length == 0) {
      block = new byte[1 << 20];
    }
    while (bytes.hasRemaining()) {
      int length = Math.min(block.length, bytes.remaining());
      bytes.get(block, 0, length);
      out.write(block, 0, length);
    }
  }

  private EnvironmentException writeFailed(IOException e) {
    return new EnvironmentException(
        ModelFileError.WRITE_FAILED,
        "Cannot write %s: %s; free space or another folder may help"
            .formatted(file, e.getMessage()),
        e);
  }
}
