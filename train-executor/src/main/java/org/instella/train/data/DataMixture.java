package org.instella.train.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.tokenize.shard.DocumentRef;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.tokenize.shard.TokenShard;

/**
 * All samples of an epoch, numbered from 0: source after source, file after file, block after
 * block.
 *
 * <p>As published, every file is cut into floor(tokens / length) blocks; a block starts anywhere in
 * a document, and the rest of a file is left out. A source that is passed over p times gives
 * floor(p) times all of its blocks and then a fixed random share of them, which depends on the name
 * of the source and on nothing else: runs that differ in their seed read the same data.
 *
 * <p>Safe for use by several threads.
 */
public final class DataMixture {
  private final int length;
  private final List<Part> parts;
  private final long[] firstSamples;
  private final long samples;

  private DataMixture(int length, List<Part> parts) {
    this.length = length;
    this.parts = parts;
    this.firstSamples = new long[parts.size()];
    long next = 0;
    for (int i = 0; i < firstSamples.length; i++) {
      firstSamples[i] = next;
      next += parts.get(i).samples();
    }
    this.samples = next;
  }

  /**
   * One source of a mixture.
   *
   * @param name unique
   * @param tokens opened data set
   * @param passes over its blocks in an epoch, more than 0
   */
  public record Source(String name, TokenDataset tokens, double passes) {}

  /** A source cut into blocks. */
  private record Part(
      Source source, long[] firstBlocks, long blocks, long samples, DataOrder subset) {

    static Part of(Source source, int length) {
      long[] firstBlocks = new long[source.tokens().shards().size()];
      long blocks = 0;
      for (int i = 0; i < firstBlocks.length; i++) {
        firstBlocks[i] = blocks;
        blocks += source.tokens().shards().get(i).tokens() / length;
      }
      long samples = Math.round(source.passes() * blocks);
      if (samples == 0) {
        throw new ConfigurationException(
            DataError.SOURCE_UNUSABLE,
            "Source %s gives no sample of %d tokens: its %d files hold %d blocks and repeat is %s; use longer files, a shorter train.sequence-length, or leave the source out"
                .formatted(source.name(), length, firstBlocks.length, blocks, source.passes()));
      }
      return new Part(
          source,
          firstBlocks,
          blocks,
          samples,
          DataOrder.Kind.FEISTEL.over(blocks, nameSeed(source.name())));
    }

    private static long nameSeed(String name) {
      long seed = 0;
      for (int i = 0; i < name.length(); i++) {
        seed = FeistelOrder.mix(seed + name.charAt(i));
      }
      return seed;
    }

    /** The block of a sample of this source. */
    Block block(long sample) {
      boolean wholePass = sample / blocks < samples / blocks;
      long within = sample % blocks;
      long block = wholePass ? within : subset.sample(0, within);
      int file = Arrays.binarySearch(firstBlocks, block);
      if (file < 0) {
        file = -file - 2;
      } else {
        // Files too short for a block share their first block with the file behind them.
        while (file + 1 < firstBlocks.length && firstBlocks[file + 1] == block) {
          file++;
        }
      }
      return new Block(source, file, block - firstBlocks[file]);
    }
  }

  private record Block(Source source, int file, long number) {}

  /**
   * Numbers the samples of several sources.
   *
   * @param length tokens in a sample
   * @throws ConfigurationException if a source gives no sample
   */
  public static DataMixture of(List<Source> sources, int length) {
    List<Part> parts = new ArrayList<>();
    for (Source source : sources) {
      parts.add(Part.of(source, length));
    }
    return new DataMixture(length, List.copyOf(parts));
  }

  /** Tokens in a sample. */
  public int length() {
    return length;
  }

  /** Samples in an epoch. */
  public long samples() {
    return samples;
  }

  /** The sources in the order in which their samples are numbered. */
  public List<Source> sources() {
    return parts.stream().map(Part::source).toList();
  }

  /** Samples of each source in an epoch, by name. */
  public SortedMap<String, Long> samplesBySource() {
    SortedMap<String, Long> counts = new TreeMap<>();
    parts.forEach(part -> counts.put(part.source().name(), part.samples()));
    return counts;
  }

  /** The source of a sample. */
  public String source(long sample) {
    return block(sample).source().name();
  }

  /** Copies the tokens of a sample to {@code out}, beginning at {@code from}. */
  public void read(long sample, int[] out, int from) {
    Block block = block(sample);
    block.source().tokens().shard(block.file()).copy(block.number() * length, out, from, length);
  }

  /** The documents whose tokens a sample holds, in order. */
  public List<DocumentSpan> documents(long sample) {
    Block block = block(sample);
    TokenDataset tokens = block.source().tokens();
    TokenShard shard = tokens.shard(block.file());
    long begin = block.number() * length;
    List<DocumentSpan> spans = new ArrayList<>();
    for (long at = begin; at < begin + length; ) {
      DocumentRef document = shard.documentAt(at);
      long end = Math.min(document.end(), begin + length);
      spans.add(
          new DocumentSpan(
              block.source().name(),
              tokens.shards().get(block.file()).name(),
              document.id(),
              document.file(),
              document.line(),
              at - document.start(),
              (int) (at - begin),
              (int) (end - at)));
      at = end;
    }
    return spans;
  }

  private Block block(long sample) {
    if (sample < 0 || sample >= samples) {
      throw new IndexOutOfBoundsException("sample " + sample + " of " + samples);
    }
    int at = Arrays.binarySearch(firstSamples, sample);
    int part = at >= 0 ? at : -at - 2;
    return parts.get(part).block(sample - firstSamples[part]);
  }
}
