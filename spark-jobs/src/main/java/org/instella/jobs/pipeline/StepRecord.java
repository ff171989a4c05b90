package org.instella.jobs.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobResult;

/**
 * What a pipeline remembers of a finished step, in {@code .steps/NAME}: the fingerprint it was made
 * from and the artefact it made. A step is done when both are still the same.
 */
final class StepRecord {
  private static final String KIND = "step";
  private static final String ARTEFACT = "artefact";
  private static final String DIGEST = "artefact-digest";
  private static final String SUMMARY = "summary";
  private static final String SECONDS = "seconds";

  private final Storage storage;
  private final Location folder;

  StepRecord(Storage storage, Location pipeline) {
    this.storage = storage;
    this.folder = pipeline.resolve(".steps");
  }

  /** What is known of a finished step. */
  record Done(
      String fingerprint, Location artefact, String digest, String summary, double seconds) {}

  /** What was made, where the record and the artefact are still there and fit each other. */
  Optional<Done> find(PipelineStep step) {
    Optional<Manifest> record = Manifest.find(storage, folder.resolve(step.name()));
    if (record.isEmpty()) {
      return Optional.empty();
    }
    Manifest manifest = record.get();
    String below = manifest.textFact(ARTEFACT);
    Location artefact = below.isEmpty() ? step.output() : step.output().resolve(below);
    String digest = manifest.textFact(DIGEST);
    boolean intact =
        storage.exists(artefact)
            && Manifest.find(storage, artefact).map(Manifest::digest).equals(Optional.of(digest));
    return intact
        ? Optional.of(
            new Done(
                manifest.fingerprint(),
                artefact,
                digest,
                manifest.textFact(SUMMARY),
                ((Number) manifest.facts().get(SECONDS)).doubleValue()))
        : Optional.empty();
  }

  /** The fingerprint that the step would have now. */
  String fingerprint(PipelineStep step, SortedMap<String, String> inputs) {
    return builder(step, inputs).build().fingerprint();
  }

  /** Which settings or inputs differ from those that made what is there; empty where none does. */
  List<String> changes(PipelineStep step, SortedMap<String, String> inputs) {
    Manifest now = builder(step, inputs).build();
    Manifest then = Manifest.read(storage, folder.resolve(step.name()));
    List<String> changes = new ArrayList<>();
    TreeSet<String> keys = new TreeSet<>(now.configuration().keySet());
    keys.addAll(then.configuration().keySet());
    for (String key : keys) {
      String before = then.configuration().get(key);
      String after = now.configuration().get(key);
      if (!Objects.equals(before, after)) {
        changes.add("%s: %s -> %s".formatted(key, before, after));
      }
    }
    TreeSet<String> names = new TreeSet<>(now.inputs().keySet());
    names.addAll(then.inputs().keySet());
    for (String name : names) {
      if (!Objects.equals(then.inputs().get(name), now.inputs().get(name))) {
        changes.add("input " + name);
      }
    }
    return changes;
  }

  /** Remembers a finished step. */
  void write(
      PipelineStep step, SortedMap<String, String> inputs, JobResult result, double seconds) {
    Location record = folder.resolve(step.name());
    String output = step.output().uri();
    String artefact = result.artefact().uri();
    String below =
        artefact.equals(output) ? "" : artefact.substring(output.length() + 1); // output/model
    Manifest manifest =
        builder(step, inputs)
            .fact(ARTEFACT, below)
            .fact(DIGEST, Manifest.read(storage, result.artefact()).digest())
            .fact(SUMMARY, result.summary())
            .fact(SECONDS, Math.round(seconds * 10) / 10.0)
            .build();
    storage.delete(record);
    Location staging = storage.staging(record);
    manifest.writeTo(storage, staging);
    storage.publish(staging, record);
  }

  /** Moves the output of a step out of the way, so that a changed recipe costs nobody a model. */
  Location setAside(PipelineStep step) {
    String mark =
        Manifest.find(storage, folder.resolve(step.name()))
            .map(manifest -> manifest.fingerprint().substring(0, 8))
            .orElse("unknown");
    Location place = step.output().parent().resolve(".replaced").resolve(step.name() + "-" + mark);
    storage.delete(place);
    storage.makeFolder(place.parent());
    storage.publish(step.output(), place);
    return place;
  }

  /** Forgets a step whose output is about to change. */
  void forget(PipelineStep step) {
    storage.delete(folder.resolve(step.name()));
  }

  private static Manifest.Builder builder(PipelineStep step, SortedMap<String, String> inputs) {
    Manifest.Builder builder =
        Manifest.builder(KIND, 1)
            .configuration("kind", step.kind())
            .configuration(step.configuration());
    inputs.forEach(builder::input);
    return builder;
  }

  /**
   * Identity of an input that no step made: an artefact's digest, else names, lengths and times.
   */
  String inputDigest(Location input) {
    if (!storage.exists(input)) {
      return "missing";
    }
    FileEntry entry = storage.stat(input);
    if (!entry.folder()) {
      return Digests.sha256(entry.bytes() + "@" + entry.modifiedMillis());
    }
    Optional<Manifest> manifest = Manifest.find(storage, input);
    if (manifest.isPresent()) {
      return manifest.get().digest();
    }
    StringBuilder text = new StringBuilder();
    for (FileEntry file : storage.listFiles(input)) {
      text.append(file.location().uri().substring(input.uri().length()))
          .append(' ')
          .append(file.bytes())
          .append('@')
          .append(file.modifiedMillis())
          .append('\n');
    }
    return Digests.sha256(text.toString());
  }
}
