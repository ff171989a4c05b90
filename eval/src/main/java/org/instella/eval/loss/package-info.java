/** Loss on held-out text, per domain: nats per token, perplexity, bits per byte. */
package org.instella.eval.loss;
