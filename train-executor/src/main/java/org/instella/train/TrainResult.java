package org.instella.train;

import org.instella.conf.storage.Location;

/**
 * A run that reached its end; the same on every rank.
 *
 * @param model the final model folder
 * @param checkpoint the last checkpoint, with optimiser state
 * @param step number of steps made over all attempts
 * @param loss of the last step
 */
public record TrainResult(Location model, Location checkpoint, long step, double loss) {}
