/**
 * The roof: one class per job, wiring the rooms to Spark. Logic that needs no Spark belongs in the
 * room it is about. Start at {@link org.instella.jobs.command.Instella}, then at the job of a
 * command: {@code TokenizeJob}, {@code TrainJob}, {@code MergeJob}, {@code EvalJob}.
 */
package org.instella.jobs;
