/**
 * Arithmetic around an update that does not touch tensors: learning rates, durations, AdamW's
 * settings, clipping.
 */
package org.instella.train.optim;
