/**
 * What is asked of a language model and what it answers: the border between benchmarks and
 * networks.
 *
 * <p>Nothing here knows a task, a file format or a tensor. Start at {@link
 * org.instella.eval.request.LanguageModel}.
 */
package org.instella.eval.request;
