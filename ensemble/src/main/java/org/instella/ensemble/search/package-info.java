/**
 * Merges chosen by evidence: greedy soup, learned weights, the loss along lines between models.
 * What a model is worth is asked through {@link org.instella.ensemble.search.HeldOutLoss}, which
 * the roof wires to the evaluation. Start with {@link org.instella.ensemble.search.Candidates}.
 */
package org.instella.ensemble.search;
