package org.instella.tokenize.bpe;

/** The oracle: the Hugging Face library whatever the file, for tests of other packages. */
public final class ReferenceTokenizers {
  private ReferenceTokenizers() {}

  /** Opens the bytes of a {@code tokenizer.json} with the library. */
  public static Tokenizer parse(byte[] json) {
    return HuggingFaceTokenizer.parse(json, "reference");
  }
}
