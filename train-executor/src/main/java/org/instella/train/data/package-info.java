/**
 * From token shards to batches: which blocks a run reads ({@code DataMixture}), in which order
 * ({@link org.instella.train.data.DataOrder}, a pure function of seed, epoch and position), and how
 * they reach the trainer ({@code DataLoader}). No tensors here.
 */
package org.instella.train.data;
