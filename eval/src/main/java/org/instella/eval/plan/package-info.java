/**
 * The run of an evaluation without a machine to run it on: documents become units of work, units
 * are cut into partitions, a worker answers a partition, and the answers become results in a second
 * pass that needs no model. Spark, or a loop, sits in between.
 *
 * <p>Start at {@link org.instella.eval.plan.EvalPlan}.
 */
package org.instella.eval.plan;
