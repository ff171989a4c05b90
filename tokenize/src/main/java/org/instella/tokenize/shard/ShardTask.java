package org.instella.tokenize.shard;

import java.util.Optional;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.document.Document;
import org.instella.tokenize.document.DocumentEntry;
import org.instella.tokenize.document.DocumentReader;
import org.instella.tokenize.document.InputSlice;
import org.instella.tokenize.document.ReadBuffers;
import org.instella.tokenize.document.RejectedLine;

/**
 * Turns the documents of one unit of work into one shard in the staging folder: the work of one
 * task of any engine. Since the bytes depend on the spec alone, nobody can tell which {@link
 * ShardAttempt} at it was the one that stayed. A shard that is finished already is not written
 * again.
 */
public final class ShardTask {
  private final Storage storage;
  private final ShardTaskSpec spec;
  private final TokenizeConfig config;
  private final Tokenizer tokenizer;
  private ShardTimes times = ShardTimes.NONE;
  private final InputChecksum checksum = new InputChecksum();
  private final ReadBuffers buffers = new ReadBuffers();
  private long storedBytes;
  private long notDrawn;

  private ShardTask(Storage storage, ShardTaskSpec spec, Tokenizer tokenizer) {
    this.storage = storage;
    this.spec = spec;
    this.config = spec.config();
    this.tokenizer = tokenizer;
  }

  /** Opens the tokenizer and writes the shard, unless it is finished already. */
  public static ShardResult run(Storage storage, ShardTaskSpec spec) {
    Optional<ShardResult> before = finished(storage, spec);
    if (before.isPresent()) {
      return before.get();
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
    return finished(storage, spec).orElseGet(() -> new ShardTask(storage, spec, tokenizer).write());
  }

  /** What lies in the staging folder, complete; empty until the shard is finished. */
  public static Optional<ShardResult> finished(Storage storage, ShardTaskSpec spec) {
    return ShardAttempt.finished(storage, spec.place());
  }

  /** As {@link #finished}, without reading it. */
  public static boolean isFinished(Storage storage, ShardTaskSpec spec) {
    return spec.place().isFinished(storage);
  }

  private ShardResult write() {
    ShardHeader header = ShardHeader.of(spec.source(), tokenizer, config);
    try (ShardAttempt attempt = ShardAttempt.begin(storage, spec.place(), header)) {
      for (InputSlice slice : spec.unit().slices()) {
        encode(slice, attempt);
      }
      return attempt.publish(new ShardInput(storedBytes, notDrawn, checksum.text(), times));
    }
  }

  private void encode(InputSlice slice, ShardAttempt attempt) {
    try (DocumentReader reader =
        DocumentReader.open(storage, slice, config.columns(), config.limits(), buffers)) {
      reader.lendTexts();
      while (reader.hasNext()) {
        DocumentEntry entry = reader.next();
        if (!(entry instanceof Document document)) {
          attempt.reject((RejectedLine) entry);
        } else if (spec.sampling().takes(document)) {
          encode(document, attempt);
        } else {
          notDrawn++;
        }
      }
      times = times.plus(reader.times());
      storedBytes += reader.times().storedBytes();
      checksum.add(reader);
    }
  }

  private void encode(Document document, ShardAttempt attempt) {
    byte[] text = document.bytes();
    int size = document.size();
    if (config.text() != TextRule.AS_IS) {
      text = config.text().apply(document.utf8());
      size = text.length;
    }
    attempt.encode(tokenizer, text, size, document.id(), document.file(), document.line());
  }
}
