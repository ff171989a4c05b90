package org.instella.eval.request;

/**
 * The special tokens that scoring needs.
 *
 * @param prefixId stands in for an empty context: the beginning-of-text token, or the end-of-text
 *     token of a tokenizer without one
 * @param prefixText the text of that token
 * @param addedByDefault whether the tokenizer itself puts the token before every text (the field
 *     {@code add_bos_token} of tokenizer_config.json)
 */
public record SpecialTokens(int prefixId, String prefixText, boolean addedByDefault) {}
