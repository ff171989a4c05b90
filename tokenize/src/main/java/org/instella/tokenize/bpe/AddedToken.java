package org.instella.tokenize.bpe;

/**
 * A token matched in the text before any split, as {@code added_tokens} of a tokenizer file lists
 * it.
 *
 * @param content the text it matches, not empty
 * @param singleWord only where no word character stands directly before or behind it
 * @param leftStrip eats the white space before it
 * @param rightStrip eats the white space behind it
 * @param normalised matched in the normalised text, as its own normal form
 * @param special left out of a decoding that skips special tokens; of no meaning for encoding
 */
record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean leftStrip,
    boolean rightStrip,
    boolean normalised,
    boolean special) {}
