package org.instella.tokenize.shard;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.TokenBuffer;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.document.RejectedLine;

/**
 * One attempt at writing one shard, by the task of any engine.
 *
 * <p>It writes into a folder of its own and {@link #publish} leaves a note of that where no other
 * attempt has left one. So attempts may be killed, repeated and run side by side: the first to
 * finish stays, the others find its note and drop theirs. An attempt that is closed before it was
 * published leaves nothing; one that is killed leaves a folder that nobody looks at and that goes
 * with the staging folder. Belongs to one thread.
 */
public final class ShardAttempt implements AutoCloseable {
  private final Storage storage;
  private final ShardPlace place;
  private final EosRule eosRule;
  private final int eosId;
  private final Location folder;
  private final Location shard;
  private final OutputStream file;
  private final DigestingOutputStream out;
  private final RejectedLines rejected;
  private final TokenShardWriter writer;
  private final TokenBuffer ids = new TokenBuffer(1 << 16);
  private boolean published;
  private long encodeNanos;
  private long writeNanos;
  private long textBytes;
  private long empty;

  private ShardAttempt(
      Storage storage, ShardPlace place, ShardHeader header, Location shard, OutputStream file) {
    this.storage = storage;
    this.place = place;
    this.eosRule = header.eosRule();
    this.eosId = header.eosId();
    this.folder = shard.parent();
    this.shard = shard;
    this.file = file;
    this.out = new DigestingOutputStream(file);
    this.rejected = new RejectedLines(storage, folder.resolve(place.name() + RejectedLines.SUFFIX));
    this.writer = new TokenShardWriter(out, header);
  }

  /**
   * Begins a shard that has the ids of {@code header}.
   *
   * @throws EnvironmentException if the folder cannot be written
   */
  public static ShardAttempt begin(Storage storage, ShardPlace place, ShardHeader header) {
    Location folder = place.attempt(UUID.randomUUID().toString());
    Location shard = folder.resolve(place.name() + TokenShard.SUFFIX);
    OutputStream file = storage.createLarge(shard);
    try {
      return new ShardAttempt(storage, place, header, shard, file);
    } catch (UncheckedIOException e) {
      EnvironmentException failure = cannotWrite(folder, e.getCause());
      try (file) {
        storage.delete(folder);
      } catch (IOException | RuntimeException cleaning) {
        failure.addSuppressed(cleaning);
      }
      throw failure;
    }
  }

  /** What the attempt that stayed has written; empty until one has finished. */
  public static Optional<ShardResult> finished(Storage storage, ShardPlace place) {
    return place.finished(storage).map(folder -> ShardResult.read(storage, folder));
  }

  /** Encodes one document and appends it, or counts it as empty where it has no token. */
  public void encode(Tokenizer tokenizer, byte[] utf8, String id, String source, long line) {
    encode(tokenizer, utf8, utf8.length, id, source, line);
  }

  /** As the other, of the first {@code size} of {@code utf8}. */
  public void encode(
      Tokenizer tokenizer, byte[] utf8, int size, String id, String source, long line) {
    long begin = System.nanoTime();
    ids.clear();
    tokenizer.encode(utf8, 0, size, ids);
    long encoded = System.nanoTime();
    encodeNanos += encoded - begin;
    if (append(id, source, line, encoded)) {
      textBytes += size;
    }
  }

  /** Appends a document that is encoded already, or counts it as empty where it has no token. */
  public void add(int[] tokens, String id, String source, long line) {
    ids.clear();
    for (int token : tokens) {
      ids.add(token);
    }
    append(id, source, line, System.nanoTime());
  }

  /** Keeps a line that is no document. */
  public void reject(RejectedLine line) {
    try {
      rejected.add(line);
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  /**
   * Finishes the shard and publishes it in the staging folder.
   *
   * @param input what was read for it
   * @return what lies there now: this attempt, or the one that was faster
   */
  public ShardResult publish(ShardInput input) {
    ShardResult result = finish(input);
    result.writeTo(storage, folder);
    try {
      place.finish(storage, folder);
      published = true;
      return result;
    } catch (DataException e) {
      return finished(storage, place).orElseThrow(() -> e);
    }
  }

  /** Removes what was written, unless it was published. */
  @Override
  public void close() {
    if (published) {
      return;
    }
    try {
      file.close();
      rejected.close();
    } catch (IOException e) {
      throw cannotWrite(e);
    } finally {
      storage.delete(folder);
    }
  }

  /** Writes the ids of a document; {@code begin} is now, since documents can be short. */
  private boolean append(String id, String source, long line, long begin) {
    if (ids.size() == 0) {
      empty++;
      return false;
    }
    if (eosRule.appends(ids.ids(), ids.size(), eosId)) {
      ids.add(eosId);
    }
    try {
      writer.add(ids.ids(), ids.size(), id, source, line);
    } catch (UncheckedIOException e) {
      throw cannotWrite(e.getCause());
    }
    writeNanos += System.nanoTime() - begin;
    return true;
  }

  private ShardResult finish(ShardInput input) {
    long begin = System.nanoTime();
    List<FileDigest> files = new ArrayList<>();
    try {
      IdIndex index = writer.finish();
      out.close();
      files.add(out.finish(shard.name()));
      files.add(writeIndex(index, folder.resolve(place.name() + IdIndex.SUFFIX)));
      rejected.finish().ifPresent(files::add);
    } catch (IOException e) {
      throw cannotWrite(e);
    } catch (UncheckedIOException e) {
      throw cannotWrite(e.getCause());
    }
    writeNanos += System.nanoTime() - begin;
    return new ShardResult(
        place.name(),
        files,
        writer.documents(),
        empty,
        input.notDrawn(),
        writer.tokens(),
        textBytes,
        input.storedBytes(),
        input.crc32c(),
        rejected.count(),
        input.times().plus(new ShardTimes(0, 0, 0, encodeNanos, writeNanos)));
  }

  private FileDigest writeIndex(IdIndex index, Location target) throws IOException {
    try (DigestingOutputStream digesting = new DigestingOutputStream(storage.create(target))) {
      index.writeTo(digesting);
      return digesting.finish(target.name());
    }
  }

  private EnvironmentException cannotWrite(IOException e) {
    return cannotWrite(folder, e);
  }

  private static EnvironmentException cannotWrite(Location folder, IOException e) {
    return new EnvironmentException(
        ShardError.WRITE_FAILED, "Cannot write %s: %s".formatted(folder, e.getMessage()), e);
  }
}
