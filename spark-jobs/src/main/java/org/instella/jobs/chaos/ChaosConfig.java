package org.instella.jobs.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.instella.conf.settings.ChoiceKey;
import org.instella.conf.settings.Settings;

/**
 * Which faults a run injects into itself.
 *
 * @param every time from one fault to the next, whether or not the last one has healed
 * @param kinds taken in turn, never empty
 * @param seed of the choice of ranks
 * @param atMost number of faults; none means until the end of the run
 */
public record ChaosConfig(Duration every, List<Fault> kinds, long seed, Optional<Integer> atMost) {

  /** Reads a section {@code chaos}; one that nobody asked for is refused. */
  public static ChaosConfig from(Settings chaos) {
    ChaosConfig config =
        new ChaosConfig(
            chaos.duration("every", "time from one fault to the next").orElse(seconds(30)),
            kinds(chaos),
            chaos.longInteger("seed", "seed of the choice of ranks").atLeast(0).orElse(0L),
            chaos
                .integer("at-most", "number of faults; without it, until the end of the run")
                .atLeast(1)
                .optional());
    boolean asked =
        chaos.flag("asked", "what --chaos sets: without it the section is refused").orElse(false);
    if (!asked) {
      chaos.problem(
          "asked",
          "this section kills ranks of the run on purpose; say --chaos on the command line, or take the section out");
    }
    return config;
  }

  private static Duration seconds(int count) {
    return Duration.ofSeconds(count);
  }

  private static List<Fault> kinds(Settings chaos) {
    List<String> names =
        chaos
            .texts("kinds", "faults in turn: kill, stop, kill-while-saving")
            .atLeast(1)
            .orElse(List.of(ChoiceKey.nameOf(Fault.KILL)));
    return names.stream().map(name -> kind(chaos, name)).toList();
  }

  private static Fault kind(Settings chaos, String name) {
    for (Fault fault : Fault.values()) {
      if (ChoiceKey.nameOf(fault).equals(name)) {
        return fault;
      }
    }
    chaos.problem("kinds", "%s is none of kill, stop, kill-while-saving".formatted(name));
    return Fault.KILL;
  }
}
