package org.instella.jobs.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.RollBack;
import org.instella.train.RollBacks;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.journal.Goodput;
import org.instella.train.journal.GoodputMeter;
import org.instella.train.journal.JournalEntry;
import org.instella.train.journal.JsonLines;
import org.instella.train.journal.RunFiles;
import org.instella.train.journal.RunJournal;

/**
 * A run as its folder tells, while it goes on or afterwards.
 *
 * @param folder output folder of the run
 * @param points logged steps, in order
 * @param heldOut loss on held-out data by source, by step
 * @param incidents spikes and skipped batches
 * @param rollBacks returns to earlier checkpoints
 * @param journal what the driver saw
 * @param checkpoints published, the newest first
 * @param best the checkpoint with the least held-out loss
 * @param manifest of the final model, else of the newest checkpoint
 */
public record RunView(
    Location folder,
    List<MetricsPoint> points,
    SortedMap<Long, Map<String, Double>> heldOut,
    List<Noted> incidents,
    List<RollBack> rollBacks,
    List<JournalEntry> journal,
    List<Checkpoints.Found> checkpoints,
    Optional<Checkpoints.Found> best,
    Optional<Manifest> manifest) {

  /** A line of {@code incidents.jsonl}. */
  record Noted(long step, String kind, double loss, double bound, List<String> documents) {
    static Noted parse(JsonNode line) {
      List<String> documents = new ArrayList<>();
      line.path("documents").forEach(document -> documents.add(document.asText()));
      return new Noted(
          line.path("step").asLong(),
          line.path("kind").asText(),
          line.path("loss").asDouble(Double.NaN),
          line.path("bound").asDouble(Double.NaN),
          documents);
    }
  }

  /** Whether a folder is that of a run: it has steps on record. */
  public static boolean isRun(Storage storage, Location folder) {
    return storage.exists(folder.resolve(RunFiles.METRICS))
        || storage.exists(folder.resolve(RunFiles.JOURNAL));
  }

  /** Reads a run's folder; what a crash has cut short is left out. */
  public static RunView read(Storage storage, Location folder) {
    List<MetricsPoint> points = new ArrayList<>();
    SortedMap<Long, Map<String, Double>> heldOut = new TreeMap<>();
    JsonLines.read(
        storage,
        folder.resolve(RunFiles.METRICS),
        line -> {
          if (line.has("held_out_loss")) {
            Map<String, Double> losses = new LinkedHashMap<>();
            line.path("held_out_loss")
                .fields()
                .forEachRemaining(loss -> losses.put(loss.getKey(), loss.getValue().asDouble()));
            heldOut.put(line.path("step").asLong(), losses);
          } else {
            points.add(MetricsPoint.parse(line));
          }
        });
    List<Noted> incidents = new ArrayList<>();
    JsonLines.read(
        storage, folder.resolve(RunFiles.INCIDENTS), line -> incidents.add(Noted.parse(line)));
    Checkpoints checkpoints = new Checkpoints(storage, folder);
    List<Checkpoints.Found> found = checkpoints.newestFirst();
    Optional<Manifest> model = Manifest.find(storage, folder.resolve(RunFiles.MODEL));
    return new RunView(
        folder,
        points,
        heldOut,
        incidents,
        RollBacks.read(storage, folder).all(),
        RunJournal.read(storage, folder),
        found,
        checkpoints.best(1).stream().findFirst(),
        model.or(() -> found.stream().findFirst().map(f -> Manifest.read(storage, f.folder()))));
  }

  /** Where the time went, up to the last line of the journal. */
  Goodput goodput() {
    return GoodputMeter.of(journal);
  }

  /** The last logged step. */
  Optional<MetricsPoint> last() {
    return points.isEmpty() ? Optional.empty() : Optional.of(points.get(points.size() - 1));
  }

  /** The newest attempt. */
  Optional<JournalEntry> attempt() {
    return lastOf(JournalEntry.Kind.ATTEMPT);
  }

  /** The newest line of a kind. */
  Optional<JournalEntry> lastOf(JournalEntry.Kind kind) {
    return journal.stream().filter(entry -> entry.kind() == kind).reduce((earlier, later) -> later);
  }

  /** A fact of the newest attempt; empty if there is none. */
  Optional<String> fact(String key) {
    return attempt().map(attempt -> attempt.facts().get(key));
  }

  /** A fact of the newest attempt as a number, not a number if there is none. */
  double number(String key) {
    return fact(key).map(Double::parseDouble).orElse(Double.NaN);
  }

  /** Attempts after the first. */
  long restarts() {
    return Math.max(
        0, journal.stream().filter(entry -> entry.kind() == JournalEntry.Kind.ATTEMPT).count() - 1);
  }

  /** How the run stands, in a word or two. */
  String status() {
    if (journal.isEmpty()) {
      return "unknown: no journal";
    }
    JournalEntry newest = journal.get(journal.size() - 1);
    for (int i = journal.size() - 1; newest.kind() == JournalEntry.Kind.SAVED && i > 0; i--) {
      newest = journal.get(i - 1);
    }
    return switch (newest.kind()) {
      case FINISHED -> "finished";
      case STOPPED ->
          (newest.facts().getOrDefault("how", "").equals("failed") ? "failed: " : "stopped: ")
              + newest.facts().getOrDefault("why", "");
      case DRIVER, LOST, ROLLED_BACK -> "starting";
      case ATTEMPT, STEPS, SAVED -> "running";
    };
  }

  /** Seconds between the last line of the journal and {@code nowMillis}. */
  double silentSeconds(long nowMillis) {
    return journal.isEmpty()
        ? Double.NaN
        : Math.max(0, nowMillis - journal.get(journal.size() - 1).millis()) / 1e3;
  }

  /** The most memory that rank 0's process has had, in bytes; not a number if it is not known. */
  double residentBytes() {
    return journal.stream()
        .filter(entry -> entry.facts().containsKey("resident-bytes"))
        .mapToDouble(entry -> Double.parseDouble(entry.facts().get("resident-bytes")))
        .filter(bytes -> bytes > 0)
        .max()
        .orElse(Double.NaN);
  }

  /** Median rate of the logged steps, without the first of them; not a number without any. */
  double medianTokensPerSecond() {
    double[] rates =
        points.stream()
            .skip(1)
            .mapToDouble(MetricsPoint::tokensPerSecond)
            .filter(rate -> rate > 0)
            .sorted()
            .toArray();
    return rates.length == 0 ? Double.NaN : rates[rates.length / 2];
  }
}
