package org.instella.train.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;

/**
 * Where a run stands: what {@code trainer-state.json} keeps beside weights and moments. All else
 * follows from these numbers and the recipe, since the order of samples and the learning rate are
 * pure functions of the step.
 *
 * @param step last step that was made, counted from 1; 0 before the first
 * @param updates updates that the moments have seen, for Adam's bias correction; more than {@code
 *     step} if they came from an earlier stage, less if batches were skipped
 * @param samples samples used by this run
 * @param loss of that step; 0 before the first
 * @param skipped steps whose batch was used up without an update, because of a loss that is not
 *     finite
 * @param heldOutLoss measured after that step, mean over the sources; empty if it was not
 */
public record TrainerState(
    long step,
    long updates,
    long samples,
    double loss,
    List<Long> skipped,
    OptionalDouble heldOutLoss) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  public TrainerState {
    skipped = List.copyOf(skipped);
  }

  /** Before the first step, with fresh moments. */
  public static TrainerState fresh() {
    return new TrainerState(0, 0, 0, 0, List.of(), OptionalDouble.empty());
  }

  /** After one more step. */
  public TrainerState after(int samplesUsed, double newLoss, boolean skip) {
    List<Long> nowSkipped = skipped;
    if (skip) {
      nowSkipped = new ArrayList<>(skipped);
      nowSkipped.add(step + 1);
    }
    return new TrainerState(
        step + 1,
        skip ? updates : updates + 1,
        samples + samplesUsed,
        newLoss,
        nowSkipped,
        OptionalDouble.empty());
  }

  /** The same, with the loss on held-out data that belongs to it. */
  public TrainerState measured(double loss) {
    return new TrainerState(step, updates, samples, this.loss, skipped, OptionalDouble.of(loss));
  }

  String toJson() {
    TreeMap<String, Object> fields = new TreeMap<>();
    fields.put("step", step);
    fields.put("updates", updates);
    fields.put("samples", samples);
    // As text where it is no JSON number.
    fields.put("loss", Double.isFinite(loss) ? (Object) loss : Double.toString(loss));
    fields.put("skipped", skipped);
    heldOutLoss.ifPresent(measured -> fields.put("held_out_loss", measured));
    try {
      return JSON.writeValueAsString(fields) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static TrainerState parse(String json, Location file) {
    try {
      var fields = JSON.readTree(json);
      List<Long> skipped = new ArrayList<>();
      fields.path("skipped").forEach(node -> skipped.add(node.asLong()));
      for (String key : List.of("step", "updates", "samples", "loss")) {
        if (!fields.has(key)) {
          throw new DataException(
              CheckpointError.CHECKPOINT_INCOMPLETE,
              "%s has no %s; use another checkpoint".formatted(file, key));
        }
      }
      double loss =
          fields.get("loss").isNumber()
              ? fields.get("loss").asDouble()
              : Double.parseDouble(fields.get("loss").asText());
      return new TrainerState(
          fields.get("step").asLong(),
          fields.get("updates").asLong(),
          fields.get("samples").asLong(),
          loss,
          skipped,
          fields.path("held_out_loss").isNumber()
              ? OptionalDouble.of(fields.get("held_out_loss").asDouble())
              : OptionalDouble.empty());
    } catch (JsonProcessingException | NumberFormatException e) {
      throw new DataException(
          CheckpointError.CHECKPOINT_INCOMPLETE,
          "%s is no trainer state (%s); use another checkpoint".formatted(file, e.getMessage()),
          e);
    }
  }
}
