package org.instella.tokenize.estimate;

import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.TokenBuffer;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.document.Document;
import org.instella.tokenize.document.DocumentEntry;
import org.instella.tokenize.document.DocumentReader;
import org.instella.tokenize.document.InputFile;
import org.instella.tokenize.document.InputFormat;
import org.instella.tokenize.document.InputSlice;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.TokenShardWriter;
import org.instella.tokenize.shard.TokenizePlan;

/**
 * Estimates what a source will give by doing the work on a part of it and throwing the result away.
 *
 * <p>Places are drawn evenly over the stored bytes (systematic sampling, probability proportional
 * to size), so that the mean over places of an amount per stored byte, times all stored bytes,
 * estimates its sum. Plain JSON lines are read from the place drawn; of other formats the beginning
 * of the file is read, in the faith that a file is alike from end to end. A source that is not much
 * larger than the sample is read whole, and its numbers are exact.
 */
public final class SourceSampler {
  /** Offsets of document, id and file; line; entry of the id index. */
  private static final int SHARD_BYTES_PER_DOCUMENT = 4 + 4 + 4 + 8 + 8;

  private final Storage storage;
  private final Tokenizer tokenizer;
  private final SampleSize size;
  private final TokenBuffer ids = new TokenBuffer(1 << 16);
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

  public SourceSampler(Storage storage, Tokenizer tokenizer, SampleSize size) {
    this.storage = new SmallReads(storage);
    this.tokenizer = tokenizer;
    this.size = size;
  }

  /**
   * Estimates one source.
   *
   * @throws org.instella.conf.error.DataException if a file that was drawn is missing or damaged
   */
  public SourceEstimate estimate(TokenizePlan plan) {
    long stored = plan.files().bytes();
    boolean whole = stored <= 2 * size.total();
    List<Tally> tallies = new ArrayList<>();
    if (whole) {
      for (InputFile file : plan.files().files()) {
        tallies.add(read(plan, InputSlice.whole(file), Long.MAX_VALUE, 1));
      }
    } else {
      places(plan).forEach((slice, weight) -> tallies.add(sampled(plan, slice, weight)));
    }
    List<Tally> found = tallies.stream().filter(tally -> tally.storedBytes() > 0).toList();
    Tally sum = found.stream().reduce(new Tally(0, 0, 0, 0, 0, 0, 0, 0), Tally::plus);
    long lines = sum.documents() + sum.rejected();
    double share = whole ? 1 : plan.sampling().fraction();
    return new SourceEstimate(
        plan.source(),
        plan.files().files().size(),
        stored,
        sum.storedBytes(),
        found.size(),
        plan.sampling().fraction(),
        plan.units().size(),
        estimate(found, sum, whole, stored, Tally::documents).times(share),
        estimate(found, sum, whole, stored, Tally::tokens).times(share),
        estimate(found, sum, whole, stored, Tally::textBytes).times(share),
        estimate(found, sum, whole, stored, Tally::shardBytes).times(share),
        lines == 0 ? 0 : (double) sum.rejected() / lines,
        sum.storedBytes() == 0 ? 0 : sum.cpuNanos() / 1e9 * stored / sum.storedBytes());
  }

  private static Estimate estimate(
      List<Tally> places, Tally sum, boolean whole, long stored, ToLongFunction<Tally> amount) {
    return whole || places.isEmpty()
        ? Estimate.exact(amount.applyAsLong(sum))
        : SourceEstimate.extrapolated(places, amount, stored, sum.storedBytes());
  }

  /** What is read, with the number of times that it was drawn. */
  private Map<InputSlice, Integer> places(TokenizePlan plan) {
    long stored = plan.files().bytes();
    double first = new SplittableRandom(size.seed() ^ plan.source().hashCode()).nextDouble();
    Map<InputSlice, Integer> places = new LinkedHashMap<>();
    int index = 0;
    long before = 0;
    List<InputFile> files = plan.files().files();
    for (int i = 0; i < size.places(); i++) {
      long at = (long) ((i + first) / size.places() * stored);
      while (before + files.get(index).bytes() <= at) {
        before += files.get(index++).bytes();
      }
      InputFile file = files.get(index);
      InputSlice slice = InputSlice.whole(file);
      if (file.format() == InputFormat.JSON_LINES && file.bytes() > size.bytes()) {
        long start = Math.min(at - before, file.bytes() - size.bytes());
        slice = new InputSlice(file, start, start + size.bytes());
      }
      places.merge(slice, 1, Integer::sum);
    }
    return places;
  }

  private Tally sampled(TokenizePlan plan, InputSlice slice, int weight) {
    return read(plan, slice, size.bytes() * weight, weight);
  }

  private Tally read(TokenizePlan plan, InputSlice slice, long budget, int weight) {
    long begin = threads.getCurrentThreadCpuTime();
    Count count = new Count(plan, budget == Long.MAX_VALUE);
    try (DocumentReader reader =
        DocumentReader.open(storage, slice, plan.config().columns(), plan.config().limits())) {
      boolean prefix = slice.bytes() == slice.file().bytes();
      long taken = slice.bytes();
      while (true) {
        long stored = reader.times().storedBytes();
        if (!reader.hasNext()) {
          break;
        }
        // Documents that lie unpacked in a buffer belong to the bytes that were read for them.
        if (prefix && stored >= budget && reader.times().storedBytes() > stored) {
          taken = stored;
          break;
        }
        count.add(reader.next());
      }
      return count.tally(weight, taken, threads.getCurrentThreadCpuTime() - begin);
    }
  }

  /** Does with documents what a task does, and counts what comes of them. */
  private final class Count {
    private final TokenizePlan plan;
    private final ShardHeader header;
    private final TokenShardWriter writer;
    private final boolean drawing;
    private final long begin = System.nanoTime();
    private long encodeNanos;
    private long documents;
    private long tokens;
    private long textBytes;
    private long rejected;
    private long shardBytes;

    /** With {@code drawing} only documents that the plan takes are counted. */
    Count(TokenizePlan plan, boolean drawing) {
      this.plan = plan;
      this.drawing = drawing;
      this.header = ShardHeader.of(plan.source(), tokenizer, plan.config());
      this.writer =
          new TokenShardWriter(new DigestingOutputStream(OutputStream.nullOutputStream()), header);
    }

    void add(DocumentEntry entry) {
      if (!(entry instanceof Document document)) {
        rejected++;
        return;
      }
      if (drawing && !plan.sampling().takes(document)) {
        return;
      }
      long encodeBegin = System.nanoTime();
      byte[] text = plan.config().text().apply(document.utf8());
      int count = encode(text, header);
      if (count > 0) {
        writer.add(ids.ids(), count, document.id(), document.file(), document.line());
        documents++;
        tokens += count;
        textBytes += text.length;
        shardBytes +=
            (long) count * header.width().bytes()
                + document.id().length()
                + document.file().length()
                + SHARD_BYTES_PER_DOCUMENT;
      }
      encodeNanos += System.nanoTime() - encodeBegin;
    }

    Tally tally(int weight, long storedBytes, long cpuNanos) {
      // A document that is not drawn is read and not encoded.
      double share = (double) encodeNanos / Math.max(1, System.nanoTime() - begin);
      double spared = drawing ? 0 : share * (1 - plan.sampling().fraction());
      return new Tally(
          weight,
          storedBytes,
          documents,
          tokens,
          textBytes,
          rejected,
          shardBytes,
          Math.round(cpuNanos * (1 - spared)));
    }
  }

  private int encode(byte[] text, ShardHeader header) {
    ids.clear();
    tokenizer.encode(text, 0, text.length, ids);
    if (ids.size() > 0 && header.eosRule().appends(ids.ids(), ids.size(), header.eosId())) {
      ids.add(header.eosId());
    }
    return ids.size();
  }
}
