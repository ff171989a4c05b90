package org.instella.jobs.pipeline;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.jobs.Job;
import org.instella.jobs.JobError;
import org.instella.jobs.JobKind;
import org.instella.jobs.Section;

/**
 * The steps of a recipe's {@code pipeline} section, in an order in which they can run.
 *
 * <p>A step holds one section, named and written as the recipe of the command that it runs; {@code
 * "@name/below"} in it stands for the output of another step.
 *
 * @param folder where every step writes, each in a folder of its own name
 */
public record Pipeline(Location folder, List<PipelineStep> steps) {
  private static final String SECTION = "pipeline";
  private static final String STEPS = "steps";

  /**
   * Reads the section.
   *
   * @param output where to write instead of {@code pipeline.folder}
   * @throws ConfigurationException listing every problem of every step
   */
  public static Pipeline read(Recipe recipe, Optional<Location> output) {
    Settings pipeline = recipe.root().section(SECTION, "steps and where they write");
    Optional<String> named = pipeline.text("folder", "where all steps write").optional();
    Location folder =
        output
            .or(() -> named.map(Location::of))
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        JobError.BAD_SETTING,
                        "%s: pipeline.folder is missing; it, or --output, says where the steps write"
                            .formatted(recipe.name())));
    List<String> names = List.copyOf(pipeline.named(STEPS, "steps by name").keySet());
    if (names.isEmpty()) {
      throw new ConfigurationException(
          JobError.BAD_SETTING,
          "%s: pipeline.steps has no step; add one, for example tokens.tokenize { ... }"
              .formatted(recipe.name()));
    }
    StepReferences.Result references = StepReferences.resolve(recipe, folder, names);
    List<String> order = StepOrder.of(references.needs());
    return new Pipeline(folder, readSteps(recipe, references, folder, order));
  }

  private static List<PipelineStep> readSteps(
      Recipe written, StepReferences.Result references, Location folder, List<String> order) {
    Settings root = references.recipe().root();
    root.ignoring(JobKind.names().toArray(String[]::new)).ignoring("spark");
    Settings pipeline = root.section(SECTION, "steps and where they write");
    pipeline.text("folder", "where all steps write").optional();
    SortedMap<String, Settings> sections = pipeline.named(STEPS, "steps by name");
    SortedMap<String, Settings> asWritten =
        written.root().section(SECTION, "").named(STEPS, "steps by name");
    Map<String, SortedSet<String>> needs = references.needs();
    List<PipelineStep> steps = new ArrayList<>();
    for (String name : order) {
      Settings step = sections.get(name);
      List<JobKind> kinds =
          Arrays.stream(JobKind.values()).filter(kind -> step.has(kind.text())).toList();
      if (kinds.size() != 1) {
        step.ignoring(JobKind.names().toArray(String[]::new));
        pipeline.problem(
            STEPS + "." + name,
            "must hold exactly one section, named as its command: "
                + String.join(", ", JobKind.names()));
        continue;
      }
      JobKind kind = kinds.get(0);
      Section section = Section.of(references.recipe(), SECTION, STEPS, name, kind.text());
      Job job = kind.read(step.section(kind.text(), "the step's work"), section);
      steps.add(
          new PipelineStep(
              name,
              kind.text(),
              job,
              folder.resolve(name),
              needs.get(name),
              asWritten.get(name).section(kind.text(), "").resolved()));
    }
    root.finish();
    return List.copyOf(steps);
  }

  /** Ranks of the widest barrier stage of any step. */
  public int ranks() {
    return steps.stream().mapToInt(step -> step.job().ranks()).max().orElse(1);
  }

  /** Steps by name, in order. */
  Map<String, PipelineStep> byName() {
    Map<String, PipelineStep> byName = new LinkedHashMap<>();
    steps.forEach(step -> byName.put(step.name(), step));
    return byName;
  }
}
