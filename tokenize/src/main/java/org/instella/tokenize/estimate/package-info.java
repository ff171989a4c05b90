/**
 * What tokenising a corpus will give and cost, from a sample: nothing is written. Start with {@link
 * org.instella.tokenize.estimate.SourceSampler}.
 */
package org.instella.tokenize.estimate;
