package org.instella.jobs;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.manifest.Manifest;
import org.instella.tokenize.shard.ShardResult;
import org.instella.tokenize.shard.ShardTimes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line a source: counts, where the time of its tasks went, and what bounds them. */
final class TokenizeReport {
  private static final Logger log = LoggerFactory.getLogger(TokenizeReport.class);

  private TokenizeReport() {}

  /**
   * @param written results of the shards that were written now, by source; shards of an earlier run
   *     are not among them
   * @param seconds wall time of writing them
   */
  static void log(
      List<Manifest> manifests, Map<String, List<ShardResult>> written, double seconds) {
    for (Manifest manifest : manifests) {
      String source = manifest.textFact("source");
      long tokens = manifest.longFact("tokens");
      long bytes = manifest.longFact("text_bytes");
      long rejected = manifest.longFact("rejected_lines");
      log.info(
          "  {}: {} documents, {} MB of text, {} tokens, {} bytes a token{}{}",
          source,
          "%,d".formatted(manifest.longFact("documents")),
          "%,.1f".formatted(bytes / 1e6),
          "%,d".formatted(tokens),
          "%.2f".formatted(tokens == 0 ? 0 : (double) bytes / tokens),
          rejected == 0 ? "" : ", %,d lines REJECTED (see *.rejected.jsonl)".formatted(rejected),
          shares(written.getOrDefault(source, List.of())));
    }
    List<ShardResult> all = written.values().stream().flatMap(Collection::stream).toList();
    if (!all.isEmpty() && seconds > 0) {
      log.info(
          "  all that was written now: {} MB/s of text, {} MB/s stored{}",
          "%.1f".formatted(all.stream().mapToLong(ShardResult::textBytes).sum() / 1e6 / seconds),
          "%.1f".formatted(all.stream().mapToLong(ShardResult::storedBytes).sum() / 1e6 / seconds),
          shares(all));
    }
  }

  /**
   * Shares of the tasks' time. The stages of a task share one core, so that the slowest of them,
   * had it the core for itself, bounds what the task can do; its share of the time says how close
   * the task came to that.
   */
  private static String shares(List<ShardResult> results) {
    ShardTimes times =
        results.stream().map(ShardResult::times).reduce(ShardTimes.NONE, ShardTimes::plus);
    double total = times.totalNanos();
    if (total == 0) {
      return "";
    }
    Map<String, Long> stages = new LinkedHashMap<>();
    stages.put("read", times.readNanos());
    stages.put("unpack", times.unpackNanos());
    stages.put("parse", times.parseNanos());
    stages.put("encode", times.encodeNanos());
    stages.put("write", times.writeNanos());
    StringBuilder text = new StringBuilder("; task time %.1f s:".formatted(total / 1e9));
    String separator = " ";
    String slowest = "read";
    for (Map.Entry<String, Long> stage : stages.entrySet()) {
      text.append(
          "%s%s %.0f %%".formatted(separator, stage.getKey(), 100 * stage.getValue() / total));
      separator = ", ";
      slowest = stage.getValue() > stages.get(slowest) ? stage.getKey() : slowest;
    }
    double megabytes = results.stream().mapToLong(ShardResult::textBytes).sum() / 1e6;
    double alone = stages.get(slowest) / 1e9;
    return text.append(
            "; bound: %s alone %.1f MB/s a core, reached %.1f MB/s (%.0f %%)"
                .formatted(
                    slowest,
                    megabytes / alone,
                    megabytes / (total / 1e9),
                    100 * alone * 1e9 / total))
        .toString();
  }
}
