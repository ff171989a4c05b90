package org.instella.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.checkpoint.Checkpoints;

/**
 * The roll-backs of a run, a file each in its folder {@code roll-backs}. They belong to what the
 * run is: every attempt reads them before it looks for a checkpoint, and passes over the same
 * batches.
 *
 * @param all in the order in which they happened
 */
public record RollBacks(List<RollBack> all) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String FOLDER = "roll-backs";
  private static final String SUFFIX = ".json";

  public RollBacks {
    all = List.copyOf(all);
  }

  /**
   * Reads the roll-backs of a run; none where there is no folder.
   *
   * @param output folder of the run
   */
  public static RollBacks read(Storage storage, Location output) {
    Location folder = output.resolve(FOLDER);
    List<RollBack> found = new ArrayList<>();
    if (storage.exists(folder)) {
      for (FileEntry file : storage.list(folder)) {
        if (file.location().name().endsWith(SUFFIX)) {
          found.add(parse(storage, file.location()));
        }
      }
    }
    return new RollBacks(found);
  }

  private static RollBack parse(Storage storage, Location file) {
    try {
      return JSON.readValue(storage.readText(file), RollBack.class);
    } catch (JsonProcessingException e) {
      throw new DataException(
          TrainError.ROLL_BACK_BROKEN,
          "%s is no record of a roll-back (%s); restore it from a copy, or train in another folder: without it the run would take other batches"
              .formatted(file, e.getOriginalMessage()),
          e);
    }
  }

  /** Adds one, at once or not at all. Only rank 0. */
  void write(Storage storage, Location output, RollBack rollBack) {
    Location file =
        output
            .resolve(FOLDER)
            .resolve("%04d-step-%07d%s".formatted(all.size() + 1, rollBack.step(), SUFFIX));
    Location staging = storage.staging(file);
    try {
      storage.writeText(staging, JSON.writeValueAsString(rollBack) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
    storage.publish(staging, file);
  }

  /** Whether the batch of a step is used up without an update. */
  boolean passes(long step) {
    return all.stream().anyMatch(rollBack -> rollBack.passes(step));
  }

  /**
   * Sets aside the checkpoints of the road that was left: those that have updated on a batch which
   * is now passed over. Only rank 0.
   */
  void leaveBehind(Storage storage, Checkpoints checkpoints, int generation) {
    if (all.isEmpty()) {
      return;
    }
    for (Checkpoints.Found found : checkpoints.newestFirst()) {
      List<Long> skipped = CheckpointReader.open(storage, found.folder()).state().skipped();
      for (RollBack rollBack : all) {
        long last = Math.min(rollBack.step(), found.step());
        long passed =
            skipped.stream().filter(s -> rollBack.passes(s) && s <= last).distinct().count();
        if (passed < last - rollBack.firstPassed() + 1) {
          checkpoints.setAside(found, generation, Checkpoints.Aside.LEFT_BEHIND);
          break;
        }
      }
    }
  }
}
