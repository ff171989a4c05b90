/**
 * Numbers from answers: the value of one document, means with their standard errors, means of
 * groups, and tests of whether two models differ. Formulas only; no file, no model.
 */
package org.instella.eval.metric;
