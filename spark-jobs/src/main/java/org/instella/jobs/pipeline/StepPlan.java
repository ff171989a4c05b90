package org.instella.jobs.pipeline;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.storage.Location;

/** Decides which steps are done, from their records. */
final class StepPlan {
  static final String CHANGED = "changed";

  private final Pipeline pipeline;
  private final StepRecord records;

  StepPlan(Pipeline pipeline, StepRecord records) {
    this.pipeline = pipeline;
    this.records = records;
  }

  /**
   * What is to happen with a step.
   *
   * @param done what is there, when nothing is to be done
   * @param why in words
   */
  record Decision(Optional<StepRecord.Done> done, String why) {}

  /**
   * Inputs of a step by name, with their identities.
   *
   * @param made artefact digests of the steps that are done
   */
  SortedMap<String, String> inputs(PipelineStep step, Map<String, String> made) {
    SortedMap<String, String> inputs = new TreeMap<>();
    step.needs().forEach(name -> inputs.put("@" + name, made.get(name)));
    String folder = pipeline.folder().uri() + "/";
    List<Location> external =
        step.job().inputs().stream().filter(input -> !input.uri().startsWith(folder)).toList();
    external.forEach(input -> inputs.put(input.uri(), records.inputDigest(input)));
    return inputs;
  }

  /** The decision for a step whose needs are all done. */
  Decision decide(PipelineStep step, SortedMap<String, String> inputs) {
    Optional<StepRecord.Done> done = records.find(step);
    if (done.isEmpty()) {
      return new Decision(Optional.empty(), "not made yet");
    }
    if (!done.get().fingerprint().equals(records.fingerprint(step, inputs))) {
      List<String> changes = records.changes(step, inputs);
      return new Decision(Optional.empty(), CHANGED + ": " + String.join("; ", changes));
    }
    return new Decision(done, "done");
  }

  /** Decisions for all steps as things stand; those after a step that runs have to run. */
  Map<String, Decision> all() {
    Map<String, Decision> decisions = new LinkedHashMap<>();
    Map<String, String> made = new TreeMap<>();
    for (PipelineStep step : pipeline.steps()) {
      Optional<String> waitsFor =
          step.needs().stream().filter(name -> !made.containsKey(name)).findFirst();
      Decision decision =
          waitsFor
              .map(name -> new Decision(Optional.empty(), "needs " + name + ", which runs"))
              .orElseGet(() -> decide(step, inputs(step, made)));
      decision.done().ifPresent(done -> made.put(step.name(), done.digest()));
      decisions.put(step.name(), decision);
    }
    return decisions;
  }
}
