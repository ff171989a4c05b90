package org.instella.tokenize.bpe;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.instella.conf.error.BugException;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.Digests;

/**
 * The Hugging Face {@code tokenizers} library through DJL: every family, and the oracle of our own
 * encoder's tests.
 *
 * <p>Calls the library's natives themselves: DJL's {@code Encoding} fetches six arrays more than
 * the ids, which costs as much as encoding. Owns native memory until {@link #close()}.
 */
final class HuggingFaceTokenizer implements Tokenizer {
  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

  private final Vocabulary vocabulary;
  private final String digest;
  private long handle;

  private HuggingFaceTokenizer(Vocabulary vocabulary, String digest, long handle) {
    this.vocabulary = vocabulary;
    this.digest = digest;
    this.handle = handle;
  }

  /** Opens a tokenizer from the bytes of its {@code tokenizer.json}. */
  static HuggingFaceTokenizer parse(byte[] json, String origin) {
    Vocabulary vocabulary = Vocabulary.read(json, origin);
    loadLibrary();
    long handle;
    try {
      handle = LIBRARY.createTokenizerFromString(new String(json, StandardCharsets.UTF_8));
    } catch (RuntimeException e) {
      throw new DataException(
          TokenizerError.UNSUPPORTED_TOKENIZER,
          "The tokenizers library refuses %s: %s".formatted(origin, e.getMessage()),
          e);
    }
    // A file may ask for both; here a text is encoded whole.
    LIBRARY.disablePadding(handle);
    LIBRARY.disableTruncation(handle);
    return new HuggingFaceTokenizer(vocabulary, Digests.sha256(json), handle);
  }

  private static void loadLibrary() {
    try {
      LibUtils.checkStatus();
    } catch (RuntimeException | LinkageError e) {
      throw new EnvironmentException(
          TokenizerError.NATIVE_LIBRARY,
          "Cannot load the native tokenizers library: %s; it needs a writable ~/.djl.ai or DJL_CACHE_DIR"
              .formatted(e.getMessage()),
          e);
    }
  }

  @Override
  public void encode(String text, TokenBuffer out) {
    long encoding = LIBRARY.encode(open(), withoutLoneSurrogates(text), false);
    long[] ids;
    try {
      ids = LIBRARY.getTokenIds(encoding);
    } finally {
      LIBRARY.deleteEncoding(encoding);
    }
    out.ensureRoom(ids.length);
    for (long id : ids) {
      out.add((int) id);
    }
  }

  @Override
  public String decode(int[] ids) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary.size()) {
        throw new DataException(
            TokenizerError.ID_OUT_OF_RANGE,
            "Id %d at place %d cannot be decoded: the vocabulary has %d ids"
                .formatted(ids[i], i, vocabulary.size()));
      }
      wide[i] = ids[i];
    }
    return LIBRARY.decode(open(), wide, false);
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public OptionalInt idOf(String token) {
    return vocabulary.idOf(token);
  }

  @Override
  public String digest() {
    return digest;
  }

  @Override
  public String implementation() {
    return "Hugging Face tokenizers (native library)";
  }

  @Override
  public void close() {
    if (handle != 0) {
      LIBRARY.deleteTokenizer(handle);
      handle = 0;
    }
  }

  private long open() {
    if (handle == 0) {
      throw new BugException(TokenizerError.NATIVE_LIBRARY, "a tokenizer is used after close()");
    }
    return handle;
  }

  /** The library ends the process on text that has no UTF-8 form. */
  static String withoutLoneSurrogates(String text) {
    StringBuilder fixed = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      if (fixed == null) {
        fixed = new StringBuilder(text);
      }
      fixed.setCharAt(i, '\uFFFD');
    }
    return fixed == null ? text : fixed.toString();
  }
}
