/**
 * One training stage, from token shards to a model folder, as one rank sees it.
 *
 * <p>Start reading at {@code Trainer}: {@code Trainer.run(TrainConfig, TrainRun)} is called by
 * every rank of an attempt, in a barrier task or in a thread, and returns a {@link
 * org.instella.train.TrainResult} on each. It resumes by itself from the newest complete checkpoint
 * in {@link org.instella.train.TrainRun#output}. It throws an {@code EnvironmentException} when
 * another rank was lost (start the next generation), a {@code StoppedException} after a stop
 * request (the checkpoint is written), a {@code ConfigurationException} or {@code DataException}
 * when trying again is of no use.
 *
 * <p>Nothing here knows Spark.
 */
package org.instella.train;
