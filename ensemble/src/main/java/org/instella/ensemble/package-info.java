/**
 * Weight ensembling: several model folders become one, tensor by tensor, in flat memory.
 *
 * <p>Start with {@link org.instella.ensemble.CheckpointMerger}. What is done to one tensor is in
 * {@code ensemble.method}, one small class per method; looking for the best merge by held-out loss
 * is in {@code ensemble.search}.
 */
package org.instella.ensemble;
