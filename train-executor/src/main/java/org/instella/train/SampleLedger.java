package org.instella.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.data.Batch;
import org.instella.train.journal.JsonLines;
import org.instella.train.journal.RunFiles;

/**
 * Proves from {@code ledger.jsonl} that a run used each sample as often as its order says, whatever
 * happened to it.
 *
 * <p>Each line says where a step stood in the order, and carries a fingerprint of the samples that
 * the ranks in fact read there. Verifying computes both anew from the recipe, and marks the samples
 * of every epoch one by one.
 */
public final class SampleLedger {
  private final RunData data;
  private final Location file;
  private final BitSet usedInEpoch = new BitSet();
  private long step;
  private long epoch = -1;
  private long epochs;
  private long skipped;

  /**
   * What a verified ledger holds.
   *
   * @param steps steps, all in order, none missing and none twice
   * @param skipped steps whose batch was used up without an update
   * @param samples samples used
   * @param epochs epochs entered
   */
  public record Report(long steps, long skipped, long samples, long epochs) {}

  /**
   * Verifies the ledger of a run, which may still go on: a line that is being written does not
   * count yet.
   *
   * @param output folder of the run
   * @throws DataException naming the first step that is missing, double, or used other samples
   */
  public static Report verify(Storage storage, Location output, TrainConfig config) {
    boolean goesOn =
        config.start().from() == StartConfig.From.CHECKPOINT
            && config.start().trainer() == StartConfig.State.KEEP;
    List<JsonNode> first = new ArrayList<>();
    if (goesOn) { // behind the last step of its parent, which may be gone by now
      JsonLines.read(
          storage,
          output.resolve(RunFiles.LEDGER),
          line -> {
            if (first.isEmpty()) {
              first.add(line);
            }
          });
    }
    return verify(
        storage, output, config, first.isEmpty() ? 1 : first.get(0).path("step").asLong());
  }

  /**
   * Verifies the ledger of a run.
   *
   * @param output folder of the run
   * @param firstStep first step of the run: 1, or behind that of a parent whose trainer state was
   *     kept
   * @throws DataException naming the first step that is missing, double, or used other samples
   */
  public static Report verify(
      Storage storage, Location output, TrainConfig config, long firstStep) {
    RunData data = RunData.open(storage, config);
    SampleLedger ledger = new SampleLedger(data, output.resolve(RunFiles.LEDGER), firstStep);
    JsonLines.read(storage, output.resolve(RunFiles.LEDGER), ledger::check);
    long steps = ledger.step - firstStep;
    return new Report(steps, ledger.skipped, steps * config.globalBatch(), ledger.epochs);
  }

  private SampleLedger(RunData data, Location file, long firstStep) {
    this.data = data;
    this.file = file;
    this.step = firstStep;
  }

  private void check(JsonNode line) {
    Batch.Place place = data.plan().place(step);
    require(line.path("step").asLong() == step, "the line says " + line);
    require(
        line.path("epoch").asLong() == place.epoch()
            && line.path("position").asLong() == place.position()
            && line.path("samples").asInt() == place.samples(),
        "it stood at another place: " + line);
    String expected = "%016x".formatted(data.plan().fingerprint(step, data.order()));
    require(expected.equals(line.path("fingerprint").asText()), "other samples were read: " + line);
    if (place.epoch() != epoch) {
      usedInEpoch.clear();
      epoch = place.epoch();
      epochs++;
    }
    mark(place);
    skipped += line.path("applied").asBoolean() ? 0 : 1;
    step++;
  }

  private void mark(Batch.Place place) {
    for (int i = 0; i < place.samples(); i++) {
      long sample = data.order().sample(place.epoch(), place.position() + i);
      if (sample > Integer.MAX_VALUE) {
        return; // beyond a bit set; the order is a permutation by construction
      }
      require(!usedInEpoch.get((int) sample), "sample " + sample + " was used before");
      usedInEpoch.set((int) sample);
    }
  }

  private void require(boolean holds, String why) {
    if (!holds) {
      throw new DataException(
          TrainError.LEDGER_BROKEN, "%s does not prove step %d: %s".formatted(file, step, why));
    }
  }
}
