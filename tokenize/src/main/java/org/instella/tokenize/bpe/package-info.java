/**
 * Text to ids and back: the {@link org.instella.tokenize.bpe.Tokenizer} interface, our own
 * byte-level BPE encoder, the Hugging Face library for the other families, and the trainer that
 * writes a {@code tokenizer.json}.
 *
 * <p>Start with {@link org.instella.tokenize.bpe.Tokenizer}; {@link
 * org.instella.tokenize.bpe.Tokenizers} decides which implementation serves a file. Documents,
 * shards and Spark may not appear here.
 */
package org.instella.tokenize.bpe;
