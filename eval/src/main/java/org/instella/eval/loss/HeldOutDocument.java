package org.instella.eval.loss;

/**
 * A text that the model was not trained on.
 *
 * @param id its name in its source
 */
public record HeldOutDocument(String id, String text) {}
