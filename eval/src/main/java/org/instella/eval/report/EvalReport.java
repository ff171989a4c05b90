package org.instella.eval.report;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.plan.TaskResult;

/**
 * Writes a report folder:
 *
 * <pre>
 * report.html                                one page, nothing external
 * report.md
 * MODEL/results_TIME.json                    the layout of lm-evaluation-harness
 * MODEL/samples_TASK_TIME.jsonl              one line a document
 * manifest.json                              kind "evaluation"
 * </pre>
 *
 * <p>The folder appears at once, complete, or not at all.
 */
public final class EvalReport {
  public static final String KIND = "evaluation";
  public static final int FORMAT_VERSION = 1;

  private EvalReport() {}

  /**
   * Writes the report and publishes the folder.
   *
   * @throws org.instella.conf.error.DataException if {@code folder} exists
   */
  public static Manifest write(Storage storage, Location folder, ReportContent content) {
    Location staging = storage.staging(folder);
    try {
      writeFiles(storage, staging, content);
      Manifest manifest = manifest(storage, staging, content);
      manifest.writeTo(storage, staging);
      storage.publish(staging, folder);
      return manifest;
    } finally {
      storage.delete(staging);
    }
  }

  private static void writeFiles(Storage storage, Location folder, ReportContent content) {
    storage.makeFolder(folder);
    storage.writeText(folder.resolve("report.html"), new HtmlReport(content).render());
    storage.writeText(folder.resolve("report.md"), MarkdownReport.render(content));
    String time =
        DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSSSSS")
            .withZone(ZoneOffset.UTC)
            .format(content.date());
    for (ModelColumn column : content.columns()) {
      Location model = folder.resolve(sanitized(column.name()));
      Map<String, String> hashes = new LinkedHashMap<>();
      for (TaskResult task : column.tasks()) {
        if (task.subtasks().isEmpty()) {
          hashes.put(task.name(), writeSamples(storage, model, task, time));
        }
        for (TaskResult part : task.subtasks()) {
          hashes.put(part.name(), writeSamples(storage, model, part, time));
        }
      }
      storage.writeText(
          model.resolve("results_" + time + ".json"),
          HarnessResults.render(content, column, hashes));
    }
  }

  private static String writeSamples(
      Storage storage, Location model, TaskResult task, String time) {
    HarnessSamples samples = new HarnessSamples(task);
    String name = "samples_%s_%s.jsonl".formatted(sanitized(task.name()), time);
    try (OutputStream out = storage.create(model.resolve(name))) {
      for (String line : samples.lines) {
        out.write(line.getBytes(StandardCharsets.UTF_8));
        out.write('\n');
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + model.resolve(name), e);
    }
    return samples.taskHash;
  }

  private static Manifest manifest(Storage storage, Location folder, ReportContent content) {
    Manifest.Builder manifest =
        Manifest.builder(KIND, FORMAT_VERSION).configuration(content.configuration());
    content.provenance().forEach(entry -> manifest.input(entry.name(), entry.digest()));
    for (FileEntry file : storage.listFiles(folder)) {
      String name = file.location().uri().substring(folder.uri().length()).replaceFirst("^/", "");
      manifest.file(Digests.of(storage, file.location(), name));
    }
    Map<String, Object> scores = new LinkedHashMap<>();
    for (ModelColumn column : content.columns()) {
      Map<String, Object> numbers = new LinkedHashMap<>();
      for (TaskResult task : column.tasks()) {
        String metric = task.task().primaryMetric().id();
        numbers.put(task.name() + " " + metric, task.primary().value());
      }
      for (DomainLoss loss : column.losses()) {
        numbers.put("held-out " + loss.domain() + " nats-per-token", loss.perToken());
      }
      column.totalLoss().ifPresent(loss -> numbers.put("held-out nats-per-token", loss));
      scores.put(column.name(), numbers);
    }
    return manifest.fact("scores", scores).build();
  }

  /** A name as part of a file name on any file system; HDFS allows no colon. */
  static String sanitized(String name) {
    return name.replaceAll("[^A-Za-z0-9._-]+", "_");
  }
}
