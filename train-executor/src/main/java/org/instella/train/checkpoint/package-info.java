/**
 * Checkpoints: a model folder with optimizer shards and the trainer's state, published by one
 * atomic rename. Start reading at {@link org.instella.train.checkpoint.CheckpointReader}; formats
 * in {@code docs/formats.md}.
 */
package org.instella.train.checkpoint;
