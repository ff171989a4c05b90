package org.instella.eval.request;

/**
 * Answer to {@link Loglikelihood}.
 *
 * @param logProbability natural logarithm, summed over the continuation's tokens in double
 *     precision
 * @param greedy whether every token of the continuation is the model's first choice
 * @param tokens tokens of the continuation, white space moved over from the context included
 * @param inputTokens tokens of context and continuation together, after truncation
 */
public record Likelihood(double logProbability, boolean greedy, int tokens, int inputTokens)
    implements EvalResponse {}
