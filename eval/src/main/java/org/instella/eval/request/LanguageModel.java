package org.instella.eval.request;

import java.util.List;

/**
 * A model as benchmarks see it: text in, probabilities or text out.
 *
 * <p>Log-likelihood requests come in <em>units</em>: the options of one question, asked together so
 * that the context is read once. An answer depends on nothing outside its unit: not on the other
 * units of the call, nor on their order. That is what makes scores independent of batches and of
 * Spark partitions, to the last bit.
 *
 * <p>Not safe for use by several threads.
 */
public interface LanguageModel extends AutoCloseable {

  /** Name for tables and result files, as the user gave it. */
  String name();

  /** Answers of every unit, in the order of the requests. */
  List<List<Likelihood>> loglikelihoods(List<List<Loglikelihood>> units);

  /** Greedy continuations, in the order of the requests. */
  List<Generated> generate(List<GenerateUntil> requests);

  /** Losses of whole texts, in the order of the requests. */
  List<TextLoss> rollingLosses(List<RollingLoss> requests);

  @Override
  void close();
}
