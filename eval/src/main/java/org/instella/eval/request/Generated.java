package org.instella.eval.request;

/**
 * Answer to {@link GenerateUntil}.
 *
 * @param text without the stop string that ended it
 * @param tokens tokens generated, those cut off by a stop string included
 */
public record Generated(String text, int tokens) implements EvalResponse {}
