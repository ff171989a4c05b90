package org.instella.train.journal;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Where the wall time of a run went, in seconds, over all its attempts. The parts add up to the
 * time between the first and the last line of its journal.
 *
 * @param compute steps that count: forward, backward, update, held-out loss
 * @param data waiting for batches, in steps that count
 * @param communication waiting in collectives, in steps that count
 * @param checkpoint halted by checkpoints, and publishing the model
 * @param restart from a command or a loss to the first step of the next attempt, with the step that
 *     was under way when a rank was lost
 * @param recompute steps that were made before
 * @param idle nothing ran: between two commands, and after the last step
 */
public record Goodput(
    double compute,
    double data,
    double communication,
    double checkpoint,
    double restart,
    double recompute,
    double idle) {

  /** The parts by name, in the order in which reports show them. */
  public Map<String, Double> parts() {
    Map<String, Double> parts = new LinkedHashMap<>();
    parts.put("compute", compute);
    parts.put("data wait", data);
    parts.put("communication", communication);
    parts.put("checkpoint stall", checkpoint);
    parts.put("restart", restart);
    parts.put("recompute", recompute);
    parts.put("idle", idle);
    return parts;
  }

  /** Wall time. */
  public double total() {
    return parts().values().stream().reduce(0.0, Double::sum);
  }

  /** Share of the wall time that a part took; 0 where there is none yet. */
  public double share(double part) {
    return total() > 0 ? part / total() : 0;
  }

  /** One line: the parts that took a thousandth or more. */
  public String text() {
    StringBuilder text = new StringBuilder();
    parts()
        .forEach(
            (name, seconds) -> {
              if (share(seconds) >= 0.001) {
                text.append(text.isEmpty() ? "" : ", ")
                    .append(String.format(Locale.ROOT, "%s %.1f %%", name, 100 * share(seconds)));
              }
            });
    return text.toString();
  }
}
