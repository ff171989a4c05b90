/**
 * Merges chosen by evidence: candidates are merged, asked, compared and thrown away, the one that
 * the recipe's rule picks is kept. Start at {@link org.instella.jobs.merging.MergeSearchJob}; the
 * search itself, without any question asked, is {@code org.instella.ensemble.search}.
 */
package org.instella.jobs.merging;
