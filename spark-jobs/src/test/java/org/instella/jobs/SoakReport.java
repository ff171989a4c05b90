package org.instella.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The results of {@link SoakTest} as a page. */
record SoakReport(
    int steps,
    double quietSeconds,
    double seconds,
    int drivers,
    List<Healed> healed,
    String quietWeights,
    String injuredWeights) {

  /**
   * A fault that has healed.
   *
   * @param seconds from the fault to the first step that had not been made before
   * @param step furthest step when it came
   * @param stepsAgain steps computed a second time
   */
  record Healed(String kind, double seconds, long step, long stepsAgain) {}

  /** What {@code train --chaos} wrote down. */
  static List<Healed> readChaos(Path file) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<Healed> healed = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode fault = json.readTree(line);
      healed.add(
          new Healed(
              fault.get("kind").asText(),
              fault.get("seconds_to_a_new_step").asDouble(),
              fault.get("step").asLong(),
              fault.get("steps_again").asLong()));
    }
    return healed;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%,d steps on 2 ranks; quiet run %.0f s, injured run %.0f s with %d faults healed, %d drivers.%n%n"
            .formatted(steps, quietSeconds, seconds, healed.size(), drivers));
    text.append("| Fault | Count | Seconds to a new step: median | longest | Steps made again |\n");
    text.append("|---|---|---|---|---|\n");
    Map<String, List<Healed>> byKind =
        healed.stream()
            .collect(Collectors.groupingBy(Healed::kind, TreeMap::new, Collectors.toList()));
    byKind.forEach((kind, faults) -> text.append(row(kind, faults)));
    text.append(row("all", healed));
    text.append("%nWeights of the quiet run   %s%n".formatted(quietWeights));
    text.append("Weights of the injured run %s%n".formatted(injuredWeights));
    return text.toString();
  }

  private static String row(String kind, List<Healed> faults) {
    List<Double> seconds = faults.stream().map(Healed::seconds).sorted().toList();
    long again = faults.stream().mapToLong(Healed::stepsAgain).sum();
    return "| %s | %d | %.1f | %.1f | %,d |%n"
        .formatted(
            kind,
            faults.size(),
            seconds.get(seconds.size() / 2),
            seconds.get(seconds.size() - 1),
            again);
  }
}
