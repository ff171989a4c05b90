/**
 * The front door of evaluation: what a recipe asks for ({@link org.instella.eval.EvalConfig}) and
 * the questions and texts that come of it ({@link org.instella.eval.EvalSuite}). What runs where is
 * decided by whoever calls it.
 */
package org.instella.eval;
