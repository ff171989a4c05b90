package org.instella.eval.request;

/**
 * Answer to {@link RollingLoss}.
 *
 * @param nats negative log-probability of the whole text
 * @param tokens tokens predicted
 * @param bytes UTF-8 bytes of the text
 */
public record TextLoss(double nats, long tokens, long bytes) implements EvalResponse {}
