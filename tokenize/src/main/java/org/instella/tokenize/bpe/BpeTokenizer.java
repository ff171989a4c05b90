package org.instella.tokenize.bpe;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import org.instella.conf.error.DataException;
import org.instella.tokenize.bpe.merge.WordCache;
import org.instella.tokenize.bpe.merge.WordMerger;
import org.instella.tokenize.bpe.split.ByteAlphabet;
import org.instella.tokenize.bpe.split.PreTokenizer;
import org.instella.tokenize.bpe.split.Splitter;
import org.instella.tokenize.bpe.unicode.Nfc;
import org.instella.tokenize.bpe.unicode.Utf16Reader;
import org.instella.tokenize.bpe.unicode.Utf8;
import org.instella.tokenize.bpe.unicode.Utf8Buffer;

/**
 * Our own byte-level BPE encoder: ids identical to the Hugging Face library's, many times faster.
 *
 * <p>A text goes through the stations of the library: added tokens that match it as it is, normal
 * form C of the pieces between them, added tokens that match the normalised pieces, pre-tokens,
 * merges. All on UTF-8 bytes, in buffers that are kept from text to text.
 *
 * <p>Owned by one thread; the tables are shared.
 */
final class BpeTokenizer implements Tokenizer {
  /** Ids of one word that fit behind the size check of the inner loop. */
  private static final int INLINE = 2;

  private final ByteLevelBpe bpe;
  private final Optional<AddedTokenFinder> addedRaw;
  private final Optional<AddedTokenFinder> addedNormalised;
  private final PreTokenizer preTokenizer;
  private final Splitter splitter;
  private final WholeWords wholeWords;
  private final WordMerger merger;
  private final WordCache cache = new WordCache();
  private final Nfc nfc = new Nfc();
  private final Utf16Reader strings = new Utf16Reader();
  private final Utf8Buffer text = new Utf8Buffer();
  private final Utf8Buffer normalised = new Utf8Buffer();
  private final Utf8Buffer scratch = new Utf8Buffer();

  BpeTokenizer(ByteLevelBpe bpe) {
    this.bpe = bpe;
    addedRaw = bpe.addedRaw();
    addedNormalised = bpe.addedNormalised();
    preTokenizer = bpe.preTokenizer();
    splitter = preTokenizer.scanner().orElse(null);
    wholeWords = bpe.wholeWords().orElse(null);
    merger = new WordMerger(bpe.merges(), bpe.tokens(), bpe.fallbacks());
  }

  /** The tables this encodes with. */
  ByteLevelBpe tables() {
    return bpe;
  }

  @Override
  public void encode(String string, TokenBuffer out) {
    strings.read(string, text);
    encodeWellFormed(text.bytes(), 0, text.size(), out);
  }

  @Override
  public void encode(byte[] utf8, int from, int to, TokenBuffer out) {
    if (Utf8.firstIllFormed(utf8, from, to) >= 0) {
      byte[] repaired = Utf8.repaired(utf8, from, to);
      encodeWellFormed(repaired, 0, repaired.length, out);
    } else {
      encodeWellFormed(utf8, from, to, out);
    }
  }

  private void encodeWellFormed(byte[] utf8, int from, int to, TokenBuffer out) {
    if (from == to) {
      return;
    }
    if (addedRaw.isEmpty()) {
      piece(utf8, from, to, out);
    } else {
      between(addedRaw.get(), utf8, from, to, out, false);
    }
  }

  /**
   * Appends the added tokens of a sentence and what stands between them, as the library's search
   * does: it goes on behind a match, not behind the white space that the match has eaten.
   */
  private void between(
      AddedTokenFinder finder, byte[] utf8, int from, int to, TokenBuffer out, boolean composed) {
    int done = from;
    int search = from;
    while (search < to) {
      long match = finder.find(utf8, search, to);
      if (match < 0) {
        break;
      }
      int start = AddedTokenFinder.start(match);
      int end = finder.end(match);
      AddedToken token = finder.token(match);
      search = end;
      if (token.singleWord() && !AddedTokenEdges.alone(utf8, from, start, end, to)) {
        continue;
      }
      if (token.leftStrip()) {
        start = Math.max(AddedTokenEdges.spacesBefore(utf8, from, start), done);
      }
      if (token.rightStrip()) {
        end = AddedTokenEdges.spacesAfter(utf8, end, to);
      }
      if (done < start) {
        inner(utf8, done, start, out, composed);
      }
      if (start < end) { // else a match before it has eaten all of it
        out.add(token.id());
      }
      done = end;
    }
    if (done < to) {
      inner(utf8, done, to, out, composed);
    }
  }

  private void inner(byte[] utf8, int from, int to, TokenBuffer out, boolean composed) {
    if (composed) {
      words(utf8, from, to, out);
    } else {
      piece(utf8, from, to, out);
    }
  }

  /** A piece between raw added tokens: normal form, then the other added tokens. */
  private void piece(byte[] utf8, int from, int to, TokenBuffer out) {
    byte[] bytes = utf8;
    int start = from;
    int end = to;
    if (bpe.composes()) {
      int doubt = nfc.firstDoubt(utf8, from, to);
      if (doubt >= 0) {
        normalised.clear();
        nfc.normalise(utf8, from, to, doubt, normalised);
        bytes = normalised.bytes();
        start = 0;
        end = normalised.size();
      }
    }
    if (addedNormalised.isEmpty()) {
      words(bytes, start, end, out);
    } else {
      between(addedNormalised.get(), bytes, start, end, out, true);
    }
  }

  /** A piece without added tokens: pre-tokens and their merges. */
  private void words(byte[] utf8, int from, int to, TokenBuffer out) {
    if (splitter == null) {
      generalWords(utf8, from, to, out);
    } else if (preTokenizer.addPrefixSpace() && utf8[from] != ' ') {
      scratch.clear();
      scratch.appendByte(' ');
      scratch.append(utf8, from, to);
      scannedWords(scratch.bytes(), 0, scratch.size(), out);
    } else {
      scannedWords(utf8, from, to, out);
    }
  }

  private void scannedWords(byte[] utf8, int from, int to, TokenBuffer out) {
    int[] ids = out.ids();
    int size = out.size();
    for (int start = from; start < to; ) {
      int end = splitter.next(utf8, start, to);
      boolean keeps = WordCache.keeps(utf8, start, end);
      int entry = keeps ? cache.find(utf8, start, end) : -1;
      if (entry >= 0 && size + INLINE <= ids.length) {
        long meta = cache.meta(entry);
        int count = WordCache.countOf(meta);
        if (count <= INLINE) {
          ids[size] = WordCache.first(meta);
          ids[size + 1] = WordCache.second(meta);
          size += count;
          start = end;
          continue;
        }
      }
      out.size(size);
      if (entry >= 0) {
        cache.append(entry, out);
      } else {
        newWord(utf8, start, end, keeps, out);
      }
      ids = out.ids();
      size = out.size();
      start = end;
    }
    out.size(size);
  }

  private void generalWords(byte[] utf8, int from, int to, TokenBuffer out) {
    String piece = new String(utf8, from, to - from, StandardCharsets.UTF_8);
    for (String word : preTokenizer.split(piece)) {
      scratch.clear();
      for (int i = 0; i < word.length(); i++) {
        scratch.appendByte(ByteAlphabet.byteOf(word.charAt(i)));
      }
      boolean keeps = WordCache.keeps(scratch.bytes(), 0, scratch.size());
      int entry = keeps ? cache.find(scratch.bytes(), 0, scratch.size()) : -1;
      if (entry >= 0) {
        cache.append(entry, out);
      } else {
        newWord(scratch.bytes(), 0, scratch.size(), keeps, out);
      }
    }
  }

  /** A word that the cache does not hold. */
  private void newWord(byte[] utf8, int from, int to, boolean keep, TokenBuffer out) {
    int before = out.size();
    int whole = wholeWords == null ? -1 : wholeWords.idOf(utf8, from, to);
    if (whole >= 0) {
      out.add(whole);
    } else {
      merger.merge(utf8, from, to, out);
    }
    if (keep) {
      cache.put(utf8, from, to, out.ids(), before, out.size() - before);
    }
  }

  @Override
  public String decode(int[] ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 * ids.length);
    for (int i = 0; i < ids.length; i++) {
      int id = ids[i];
      byte[] token = id >= 0 && id < bpe.tokens().length ? bpe.tokens()[id] : null;
      if (token == null) {
        throw new DataException(
            TokenizerError.ID_OUT_OF_RANGE,
            "Id %d at place %d cannot be decoded: the vocabulary has %d ids"
                .formatted(id, i, bpe.tokens().length));
      }
      bytes.write(token, 0, token.length);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public int vocabularySize() {
    return bpe.tokens().length;
  }

  @Override
  public OptionalInt idOf(String token) {
    Integer id = bpe.ids().get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public String digest() {
    return bpe.digest();
  }

  @Override
  public String implementation() {
    return "own byte-level BPE (split by "
        + (splitter == null ? "its own expression" : "scanner")
        + (bpe.composes() ? ", NFC)" : ")");
  }
}
