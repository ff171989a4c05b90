package org.instella.tokenize.bpe;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.OptionalInt;
import org.instella.conf.manifest.Digests;

/**
 * A fake for tests: every UTF-8 byte is a token, {@code <|endoftext|>} is id 0 and byte b is id b +
 * 1.
 */
public final class ByteTokenizer implements Tokenizer {
  private final int vocabularySize;

  public ByteTokenizer() {
    this(257);
  }

  /** Says it has more ids than it uses, for shards of wide ids. */
  public ByteTokenizer(int vocabularySize) {
    this.vocabularySize = vocabularySize;
  }

  @Override
  public void encode(String text, TokenBuffer out) {
    for (byte b : text.getBytes(UTF_8)) {
      out.add((b & 0xFF) + 1);
    }
  }

  @Override
  public String decode(int[] ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      if (id == 0) {
        bytes.writeBytes("<|endoftext|>".getBytes(UTF_8));
      } else {
        bytes.write(id - 1);
      }
    }
    return bytes.toString(UTF_8);
  }

  @Override
  public int vocabularySize() {
    return vocabularySize;
  }

  @Override
  public OptionalInt idOf(String token) {
    return token.equals("<|endoftext|>") ? OptionalInt.of(0) : OptionalInt.empty();
  }

  @Override
  public String digest() {
    return Digests.sha256("bytes " + vocabularySize);
  }

  @Override
  public String implementation() {
    return "bytes (test)";
  }
}
