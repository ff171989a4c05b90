package org.instella.eval;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.instella.tokenize.bpe.TokenBuffer;
import org.instella.tokenize.bpe.Tokenizer;

/**
 * A tokenizer one can follow by eye: id 0 is {@code <eos>}, a byte b is b + 1, and the pair "th" is
 * one token, so that encoding may merge across a border.
 */
public final class ByteTokenizer implements Tokenizer {
  public static final int TH = 257;

  @Override
  public void encode(String text, TokenBuffer out) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      if (text.startsWith("<eos>") && i == 0) {
        out.add(0);
        i = 4;
      } else if (bytes[i] == 't' && i + 1 < bytes.length && bytes[i + 1] == 'h') {
        out.add(TH);
        i++;
      } else {
        out.add((bytes[i] & 0xff) + 1);
      }
    }
  }

  @Override
  public String decode(int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(id == TH ? "th" : id == 0 ? "<eos>" : String.valueOf((char) (id - 1)));
    }
    return text.toString();
  }

  @Override
  public int vocabularySize() {
    return 258;
  }

  @Override
  public OptionalInt idOf(String token) {
    return token.equals("<eos>") ? OptionalInt.of(0) : OptionalInt.empty();
  }

  @Override
  public String digest() {
    return "0".repeat(64);
  }

  @Override
  public String implementation() {
    return "bytes";
  }
}
