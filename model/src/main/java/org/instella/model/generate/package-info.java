/**
 * Text from a model: {@link org.instella.model.generate.Generator} runs prompts, {@link
 * org.instella.model.generate.Sampler} chooses tokens.
 *
 * <p>Tokenizers are not known here; what is needed of one is {@link
 * org.instella.model.generate.TextDecoder}. No tensor operations here: logits come as numbers.
 */
package org.instella.model.generate;
