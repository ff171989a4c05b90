package org.instella.tokenize.shard;

import java.io.Serializable;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;
import org.instella.tokenize.document.Document;

/**
 * Which documents of a source are taken: each with the same chance, decided by the seed and the
 * document's place alone. So the choice is the same for any number of tasks, and of two fractions
 * under one seed the smaller takes a part of what the larger takes.
 *
 * @param fraction share of the documents that is taken, in (0, 1]
 * @param seed another seed takes other documents
 */
public record DocumentSampling(double fraction, long seed) implements Serializable {
  /** Every document. */
  public static final DocumentSampling ALL = new DocumentSampling(1, 0);

  private static final long FNV_BASIS = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  public DocumentSampling {
    if (!(fraction > 0 && fraction <= 1)) {
      throw new IllegalArgumentException("a fraction of " + fraction);
    }
  }

  /** Reads {@code fraction} and {@code seed} of a source. */
  public static DocumentSampling from(Settings source) {
    return new DocumentSampling(
        source
            .number("fraction", "share of the documents that is taken, drawn by seed")
            .in(Range.openClosed(0, 1))
            .orElse(1.0),
        source.longInteger("seed", "draws the documents where fraction is below 1").orElse(0L));
  }

  /** Whether the document at this place is taken. */
  public boolean takes(Document document) {
    return fraction >= 1 || chance(document.file(), document.line()) < fraction;
  }

  /** Uniform in [0, 1): FNV-1a of the place, then the finaliser of SplitMix64. */
  private double chance(String file, long line) {
    long hash = FNV_BASIS ^ seed * 0x9E3779B97F4A7C15L;
    for (int i = 0; i < file.length(); i++) {
      hash = (hash ^ file.charAt(i)) * FNV_PRIME;
    }
    long mixed = hash + line * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
    mixed ^= mixed >>> 31;
    return (mixed >>> 11) * 0x1p-53;
  }
}
