package org.instella.tokenize.bpe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.instella.conf.manifest.Digests;
import org.instella.tokenize.bpe.merge.MergeTable;
import org.instella.tokenize.bpe.split.PreTokenizer;

/**
 * The tables of one byte-level BPE {@code tokenizer.json}: immutable, shared by all threads, each
 * of which encodes with its own {@link #newTokenizer}.
 *
 * @param ids every token of model and added tokens
 * @param tokens the bytes each id stands for, null where there is no such id
 * @param merges the merges by rank
 * @param fallbacks see {@link org.instella.tokenize.bpe.merge.WordMerger}
 * @param wholeWords the words that take their id whole, whatever the merges say; empty unless the
 *     file says {@code ignore_merges}
 * @param composes whether text is brought to normal form C
 * @param addedRaw finds the added tokens that match the text as it comes
 * @param addedNormalised finds those that match the normalised text
 */
record ByteLevelBpe(
    String digest,
    Map<String, Integer> ids,
    byte[][] tokens,
    MergeTable merges,
    int[][] fallbacks,
    Optional<WholeWords> wholeWords,
    boolean composes,
    Optional<AddedTokenFinder> addedRaw,
    Optional<AddedTokenFinder> addedNormalised,
    PreTokenizer preTokenizer) {

  private static final int SHARED = 4;

  /** The last few files opened, by digest. */
  private static final Map<String, ByteLevelBpe> OPEN = new LinkedHashMap<>();

  /**
   * The tables of a file, read once per JVM as long as few files are in use.
   *
   * @throws UnsupportedTokenizerException if another implementation must serve the file
   * @throws org.instella.conf.error.DataException if it is no consistent tokenizer file
   */
  static ByteLevelBpe shared(byte[] json, String origin) throws UnsupportedTokenizerException {
    String digest = Digests.sha256(json);
    synchronized (OPEN) {
      ByteLevelBpe open = OPEN.remove(digest);
      if (open == null) {
        open = new BpeFile(json, origin).read(digest);
      }
      OPEN.put(digest, open);
      if (OPEN.size() > SHARED) {
        List<String> digests = new ArrayList<>(OPEN.keySet());
        OPEN.remove(digests.get(0));
      }
      return open;
    }
  }

  /** An encoder for one thread. */
  BpeTokenizer newTokenizer() {
    return new BpeTokenizer(this);
  }
}
