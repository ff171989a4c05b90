/**
 * A decoder and its tokenizer as a {@link org.instella.eval.request.LanguageModel}: which tokens
 * are read together, which are read once for several options, and what is asked of the logits.
 */
package org.instella.eval.model;
