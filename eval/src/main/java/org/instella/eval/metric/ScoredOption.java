package org.instella.eval.metric;

import java.util.OptionalDouble;

/**
 * One option of a multiple-choice question with what the model said about it.
 *
 * @param choice text without the delimiter
 * @param continuation as sent, with its delimiter
 * @param logProbability natural logarithm, summed over the continuation's tokens
 * @param tokens tokens of the continuation
 * @param greedy whether the model itself would have written the continuation
 * @param unconditional the same continuation after a context that says nothing, where asked
 */
public record ScoredOption(
    String choice,
    String continuation,
    double logProbability,
    int tokens,
    boolean greedy,
    OptionalDouble unconditional) {}
