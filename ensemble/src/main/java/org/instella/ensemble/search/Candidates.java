package org.instella.ensemble.search;

import java.util.HashMap;
import java.util.Map;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.CheckpointMerger;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.MergeError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges that are made, judged and thrown away. Each candidate exists as a folder only while it is
 * evaluated; one that was judged before is not made again.
 */
public final class Candidates {
  private static final Logger log = LoggerFactory.getLogger(Candidates.class);

  private final Storage storage;
  private final Location work;
  private final HeldOutLoss heldOut;
  private final Map<MergeConfig, Double> known = new HashMap<>();
  private final Map<String, Double> knownModels = new HashMap<>();
  private int evaluations;

  /**
   * A judge of merges.
   *
   * @param work folder for candidates; it may hold one model at a time
   */
  public Candidates(Storage storage, Location work, HeldOutLoss heldOut) {
    this.storage = storage;
    this.work = work;
    this.heldOut = heldOut;
  }

  /** How many models have been evaluated. */
  public int evaluations() {
    return evaluations;
  }

  /** Loss of a model that is there already. */
  public double lossOfModel(String folder) {
    Double loss = knownModels.get(folder);
    if (loss == null) {
      loss = evaluate(Location.of(folder));
      knownModels.put(folder, loss);
    }
    return loss;
  }

  /** Loss of a merge. */
  public double lossOf(MergeConfig merge) {
    Double loss = known.get(merge);
    if (loss != null) {
      return loss;
    }
    Location folder = work.resolve("candidate");
    storage.delete(folder);
    try (CheckpointMerger merger = CheckpointMerger.open(storage, merge)) {
      merger.merge(folder);
      loss = evaluate(folder);
    } finally {
      storage.delete(folder);
    }
    known.put(merge, loss);
    return loss;
  }

  private double evaluate(Location folder) {
    double loss = heldOut.of(folder);
    evaluations++;
    if (!Double.isFinite(loss)) {
      throw new DataException(
          MergeError.MERGE_UNDEFINED,
          "The held-out loss of %s is %s; a search needs a finite number".formatted(folder, loss));
    }
    log.info("merge candidate evaluations={} loss={} folder={}", evaluations, loss, folder);
    return loss;
  }
}
