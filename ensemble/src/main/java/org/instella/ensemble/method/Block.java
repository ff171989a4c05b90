package org.instella.ensemble.method;

/**
 * The same elements of one tensor in every model, as float64. Arrays belong to the caller and are
 * reused; only the first {@code count} entries mean something.
 *
 * @param first index of the first element in the flattened tensor
 * @param count number of elements
 * @param models [model][element]
 * @param base elements of the base model, or null where the merge has none
 */
public record Block(long first, int count, double[][] models, double[] base) {}
