package org.instella.model.generate;

/** The one thing that stop strings need of a tokenizer. */
@FunctionalInterface
public interface TextDecoder {
  /** The text of some ids; special tokens as their text. */
  String decode(int[] ids);
}
