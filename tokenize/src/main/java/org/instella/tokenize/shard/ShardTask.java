package org.instella.tokenize.shard;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.TokenBuffer;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.document.Document;
import org.instella.tokenize.document.DocumentEntry;
import org.instella.tokenize.document.DocumentReader;
import org.instella.tokenize.document.InputSlice;
import org.instella.tokenize.document.RejectedLine;

/**
 * Turns the documents of one unit of work into one shard in the staging folder: the work of one
 * task of any engine.
 *
 * <p>An attempt writes into a folder of its own and publishes it by one rename that refuses to
 * overwrite. So attempts may be killed, repeated and run side by side: the first to finish stays,
 * the others find it there, and since the bytes depend on the spec alone nobody can tell who it
 * was. A shard that is finished already is not written again.
 */
public final class ShardTask {
  private final Storage storage;
  private final ShardTaskSpec spec;
  private final TokenizeConfig config;
  private final Tokenizer tokenizer;
  private final TokenBuffer ids = new TokenBuffer(1 << 16);
  private ShardTimes times = ShardTimes.NONE;
  private long encodeNanos;
  private long writeNanos;
  private long storedBytes;
  private long textBytes;
  private long empty;

  private ShardTask(Storage storage, ShardTaskSpec spec, Tokenizer tokenizer) {
    this.storage = storage;
    this.spec = spec;
    this.config = spec.config();
    this.tokenizer = tokenizer;
  }

  /** Opens the tokenizer and writes the shard, unless it is finished already. */
  public static ShardResult run(Storage storage, ShardTaskSpec spec) {
    if (isFinished(storage, spec)) {
      return ShardResult.read(storage, spec.finished());
    }
    try (Tokenizer tokenizer = Tokenizers.open(storage, spec.config().tokenizer())) {
      return run(storage, spec, tokenizer);
    }
  }

  /**
   * As {@link #run(Storage, ShardTaskSpec)}, with a tokenizer that is open already and stays open.
   *
   * @throws DataException if an input file is missing or damaged
   * @throws EnvironmentException if reading or writing fails
   */
  public static ShardResult run(Storage storage, ShardTaskSpec spec, Tokenizer tokenizer) {
    if (isFinished(storage, spec)) {
      return ShardResult.read(storage, spec.finished());
    }
    Location attempt = spec.attempt(UUID.randomUUID().toString());
    try {
      return new ShardTask(storage, spec, tokenizer).writeAndPublish(attempt);
    } catch (RuntimeException e) {
      try {
        storage.delete(attempt);
      } catch (RuntimeException deleting) {
        // What is left of an attempt is invisible and goes with the staging folder.
        e.addSuppressed(deleting);
      }
      throw e;
    }
  }

  /** Whether the shard lies in the staging folder, complete. */
  public static boolean isFinished(Storage storage, ShardTaskSpec spec) {
    return storage.exists(spec.finished().resolve(ShardResult.FILE_NAME));
  }

  /** The id of the end-of-document token. */
  static int eosId(Tokenizer tokenizer, TokenizeConfig config) {
    return tokenizer
        .idOf(config.eosToken())
        .orElseThrow(
            () ->
                new ConfigurationException(
                    ShardError.EOS_UNKNOWN,
                    "eos-token \"%s\" is not in the vocabulary of %s"
                        .formatted(config.eosToken(), config.tokenizer().file())));
  }

  private ShardResult writeAndPublish(Location attempt) {
    ShardResult result = write(attempt);
    result.writeTo(storage, attempt);
    try {
      storage.publish(attempt, spec.finished());
    } catch (DataException e) {
      if (!isFinished(storage, spec)) {
        throw e;
      }
      storage.delete(attempt);
    }
    return result;
  }

  private ShardResult write(Location attempt) {
    String name = spec.unit().name();
    Location shard = attempt.resolve(name + TokenShard.SUFFIX);
    int eosId = eosId(tokenizer, config);
    ShardHeader header =
        new ShardHeader(
            spec.source(), tokenizer.digest(), tokenizer.vocabularySize(), eosId, config.eosRule());
    List<FileDigest> files = new ArrayList<>();
    try (OutputStream file = storage.create(shard);
        RejectedLines rejected =
            new RejectedLines(storage, attempt.resolve(name + RejectedLines.SUFFIX))) {
      DigestingOutputStream out = new DigestingOutputStream(file);
      TokenShardWriter writer = new TokenShardWriter(out, header);
      for (InputSlice slice : spec.unit().slices()) {
        encode(slice, writer, eosId, rejected);
      }
      long begin = System.nanoTime();
      IdIndex index = writer.finish();
      out.close();
      files.add(out.finish(shard.name()));
      files.add(writeIndex(index, attempt.resolve(name + IdIndex.SUFFIX)));
      rejected.finish().ifPresent(files::add);
      writeNanos += System.nanoTime() - begin;
      return new ShardResult(
          name,
          files,
          writer.documents(),
          empty,
          writer.tokens(),
          textBytes,
          storedBytes,
          rejected.count(),
          times.plus(new ShardTimes(0, 0, 0, encodeNanos, writeNanos)));
    } catch (IOException e) {
      throw cannotWrite(shard, e);
    } catch (UncheckedIOException e) {
      throw cannotWrite(shard, e.getCause());
    }
  }

  private void encode(InputSlice slice, TokenShardWriter writer, int eosId, RejectedLines rejected)
      throws IOException {
    try (DocumentReader reader =
        DocumentReader.open(storage, slice, config.columns(), config.limits())) {
      while (reader.hasNext()) {
        DocumentEntry entry = reader.next();
        if (entry instanceof Document document) {
          encode(document, writer, eosId);
        } else {
          rejected.add((RejectedLine) entry);
        }
      }
      times = times.plus(reader.times());
      storedBytes += reader.times().storedBytes();
    }
  }

  private void encode(Document document, TokenShardWriter writer, int eosId) {
    byte[] text = config.text().apply(document);
    long begin = System.nanoTime();
    ids.clear();
    tokenizer.encode(text, 0, text.length, ids);
    long encoded = System.nanoTime();
    encodeNanos += encoded - begin;
    if (ids.size() == 0) {
      empty++;
      return;
    }
    if (config.eosRule().appends(ids.ids(), ids.size(), eosId)) {
      ids.add(eosId);
    }
    writer.add(ids.ids(), ids.size(), document.id(), document.file(), document.line());
    textBytes += text.length;
    writeNanos += System.nanoTime() - encoded;
  }

  private FileDigest writeIndex(IdIndex index, Location file) throws IOException {
    try (DigestingOutputStream out = new DigestingOutputStream(storage.create(file))) {
      index.writeTo(out);
      return out.finish(file.name());
    }
  }

  private static EnvironmentException cannotWrite(Location file, IOException e) {
    return new EnvironmentException(
        ShardError.WRITE_FAILED, "Cannot write %s: %s".formatted(file.parent(), e.getMessage()), e);
  }
}
