/**
 * What a run will cost, from its recipe alone: parameters, memory, floating-point operations, time,
 * bytes on disk. Start with {@link org.instella.train.plan.TrainingPlan}.
 */
package org.instella.train.plan;
