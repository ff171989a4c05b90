/**
 * Results on disk: the files that other tools read (lm-evaluation-harness' JSON and sample lines)
 * and those that people read (Markdown, and one HTML page without anything external).
 *
 * <p>Start at {@link org.instella.eval.report.EvalReport}; what it is given is plain records.
 */
package org.instella.eval.report;
