package org.instella.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;
import org.instella.train.data.Batch;

/**
 * Proves from {@code ledger.jsonl} that a run used each sample as often as its order says, whatever
 * happened to it.
 *
 * <p>Each line says where a step stood in the order, and carries a fingerprint of the samples that
 * the ranks in fact read there. Verifying computes both anew from the recipe, and marks the samples
 * of every epoch one by one.
 */
public final class SampleLedger {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SampleLedger() {}

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
    Location file = output.resolve(StepLog.LEDGER);
    BitSet usedInEpoch = new BitSet();
    long epoch = -1;
    long epochs = 0;
    long skipped = 0;
    long step = firstStep;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(storage.open(file), StandardCharsets.UTF_8))) {
      for (String text = lines.readLine(); text != null; text = lines.readLine()) {
        JsonNode line = JSON.readTree(text);
        Batch.Place place = data.plan().place(step);
        require(line.path("step").asLong() == step, file, step, "the line says " + text);
        require(
            line.path("epoch").asLong() == place.epoch()
                && line.path("position").asLong() == place.position()
                && line.path("samples").asInt() == place.samples(),
            file,
            step,
            "it stood at another place: " + text);
        String expected = "%016x".formatted(data.plan().fingerprint(step, data.order()));
        String fingerprint = line.path("fingerprint").asText();
        require(expected.equals(fingerprint), file, step, "other samples were read: " + text);
        if (place.epoch() != epoch) {
          usedInEpoch.clear();
          epoch = place.epoch();
          epochs++;
        }
        mark(usedInEpoch, data, place, file, step);
        skipped += line.path("applied").asBoolean() ? 0 : 1;
        step++;
      }
    } catch (JsonProcessingException e) {
      throw new DataException(
          TrainError.LEDGER_BROKEN,
          "%s has a line that is no JSON after step %d: %s"
              .formatted(file, step - 1, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new EnvironmentException(
          StorageError.READ_FAILED, "Cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
    long steps = step - firstStep;
    return new Report(steps, skipped, steps * config.globalBatch(), epochs);
  }

  private static void mark(BitSet used, RunData data, Batch.Place place, Location file, long step) {
    for (int i = 0; i < place.samples(); i++) {
      long sample = data.order().sample(place.epoch(), place.position() + i);
      if (sample > Integer.MAX_VALUE) {
        return; // beyond a bit set; the order is a permutation by construction
      }
      require(!used.get((int) sample), file, step, "sample " + sample + " was used before");
      used.set((int) sample);
    }
  }

  private static void require(boolean holds, Location file, long step, String why) {
    if (!holds) {
      throw new DataException(
          TrainError.LEDGER_BROKEN, "%s does not prove step %d: %s".formatted(file, step, why));
    }
  }
}
