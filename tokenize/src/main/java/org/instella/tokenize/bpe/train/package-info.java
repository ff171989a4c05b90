/**
 * Training a byte-level BPE vocabulary: {@link org.instella.tokenize.bpe.train.PreTokenCounter}
 * counts the pre-tokens of documents (in many tasks, whose counts are added up), {@link
 * org.instella.tokenize.bpe.train.BpeTrainer} learns the merges, {@link
 * org.instella.tokenize.bpe.train.BpeVocabulary} writes the {@code tokenizer.json}.
 */
package org.instella.tokenize.bpe.train;
