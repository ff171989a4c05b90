package org.instella.tokenize.bpe;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * Turns text into token ids and back, exactly as the Hugging Face {@code tokenizers} library does
 * for the same {@code tokenizer.json} with {@code add_special_tokens=false}, truncation and padding
 * off.
 *
 * <p>Added tokens that stand in the text (the end-of-text marker, runs of spaces, placeholders) are
 * recognised; none is added that does not stand there: what ends a document is the business of
 * {@code EosRule}.
 *
 * <p>An instance belongs to one thread at a time; open one per task ({@link Tokenizers#open}),
 * which is cheap after the first in a JVM as far as the implementation shares its tables.
 */
public interface Tokenizer extends AutoCloseable {

  /**
   * The ids of {@code text}; empty for the empty text. An unpaired surrogate is encoded as U+FFFD,
   * as any encoder of Java strings into UTF-8 does.
   */
  default int[] encode(String text) {
    TokenBuffer out = new TokenBuffer(text.length() / 3 + 16);
    encode(text, out);
    return out.toArray();
  }

  /** Appends the ids of {@code text} to {@code out}; the form for long loops. */
  void encode(String text, TokenBuffer out);

  /**
   * Appends the ids of a text that is in UTF-8 already, {@code utf8[from, to)}, without making a
   * string of it; ill-formed bytes count as U+FFFD. The array is not written to and not kept.
   */
  default void encode(byte[] utf8, int from, int to, TokenBuffer out) {
    encode(new String(utf8, from, to - from, StandardCharsets.UTF_8), out);
  }

  /**
   * The text of {@code ids}, special tokens kept, without cleaning up spaces; bytes that are not
   * UTF-8 come out as U+FFFD.
   *
   * @throws org.instella.conf.error.DataException if an id is outside the vocabulary
   */
  String decode(int[] ids);

  /** The number of ids, added tokens included: every id is below it. */
  int vocabularySize();

  /** The id of a token, written as it stands in the vocabulary, or empty when there is none. */
  OptionalInt idOf(String token);

  /** SHA-256 of the {@code tokenizer.json} this was read from (uncompressed), in hexadecimal. */
  String digest();

  /** Which implementation serves, in a few words, as {@code inspect} prints it. */
  String implementation();

  /** Frees native memory, where there is any. */
  @Override
  default void close() {}
}
