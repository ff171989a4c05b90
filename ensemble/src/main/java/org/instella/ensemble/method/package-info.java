/**
 * Merge methods: each says in a small record what it does to one tensor and names its paper. They
 * see numbers as float64 in blocks and know nothing of files, threads or models. Start with {@link
 * org.instella.ensemble.method.MergeMethod}.
 */
package org.instella.ensemble.method;
