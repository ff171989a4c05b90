package org.instella.train;

import java.util.SortedMap;
import java.util.function.BooleanSupplier;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.parallel.Rank;

/**
 * What one rank of one attempt is given from outside.
 *
 * @param rank this rank
 * @param storage where everything is read and written
 * @param output folder of the run: checkpoints, {@code model}, {@code metrics.jsonl}; attempts of
 *     the same run share it
 * @param recipe the resolved {@code train} section, flat keys without the {@code train.} in front;
 *     kept with every artefact and compared on resume
 * @param listener hears of progress, on rank 0 only
 * @param stopRequested true once the run shall write a checkpoint and leave; asked by every rank
 *     after every step
 */
public record TrainRun(
    Rank rank,
    Storage storage,
    Location output,
    SortedMap<String, String> recipe,
    TrainListener listener,
    BooleanSupplier stopRequested) {}
