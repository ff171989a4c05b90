package org.instella.ensemble.search;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.CheckpointMerger;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.MergeError;
import org.instella.ensemble.MergeStage;
import org.instella.ensemble.Parents;
import org.instella.ensemble.method.LinearMerge;
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
  private final BooleanSupplier stopRequested;
  private final Map<String, Double> known = new HashMap<>();

  /**
   * A judge of merges.
   *
   * @param work folder for candidates; it may hold one model at a time
   * @param stopRequested true once a merge shall end between two pieces of work
   */
  public Candidates(
      Storage storage, Location work, HeldOutLoss heldOut, BooleanSupplier stopRequested) {
    this.stopRequested = stopRequested;
    this.storage = storage;
    this.work = work;
    this.heldOut = heldOut;
  }

  /** How many models have been evaluated. */
  public int evaluations() {
    return known.size();
  }

  /** Loss of a model that is there already. */
  public double lossOfModel(String folder) {
    return lossOf(model(folder));
  }

  /** Loss of a merge. */
  public double lossOf(MergeConfig merge) {
    return lossOf(merged(merge));
  }

  /** A model that is there already. */
  public Candidate model(String folder) {
    return new Existing(folder, identity(single(folder)));
  }

  /** A merge, made anew for each look at it. */
  public Candidate merged(MergeConfig merge) {
    return new Merged(merge, identity(merge));
  }

  /** A model as a merge of one. */
  static MergeConfig single(String folder) {
    return MergeConfig.of(MergeStage.of(List.of(folder), LinearMerge.mean(1)));
  }

  private record Existing(String folder, String identity) implements Candidate {
    @Override
    public <T> T use(Function<Location, T> use) {
      return use.apply(Location.of(folder));
    }
  }

  private final class Merged implements Candidate {
    private final MergeConfig merge;
    private final String identity;

    Merged(MergeConfig merge, String identity) {
      this.merge = merge;
      this.identity = identity;
    }

    @Override
    public String identity() {
      return identity;
    }

    @Override
    public <T> T use(Function<Location, T> use) {
      Location folder = work.resolve("candidate");
      storage.delete(folder);
      try (CheckpointMerger merger =
          CheckpointMerger.open(storage, merge, Parents.READ_AGAIN, stopRequested)) {
        merger.merge(folder);
        return use.apply(folder);
      } finally {
        storage.delete(folder);
      }
    }
  }

  private String identity(MergeConfig merge) {
    try (CheckpointMerger merger = CheckpointMerger.open(storage, merge)) {
      return merger.identity();
    }
  }

  private double lossOf(Candidate candidate) {
    Double before = known.get(candidate.identity());
    if (before != null) {
      return before;
    }
    double loss = heldOut.of(candidate);
    if (!Double.isFinite(loss)) {
      throw new DataException(
          MergeError.MERGE_UNDEFINED,
          "The held-out loss of candidate %s is %s; a search needs a finite number"
              .formatted(candidate.identity().substring(0, 12), loss));
    }
    known.put(candidate.identity(), loss);
    log.info("merge search: {} candidates judged, loss {}", known.size(), loss);
    return loss;
  }
}
