package org.instella.jobs;

import java.util.List;
import java.util.Map;
import org.instella.conf.manifest.Manifest;
import org.instella.tokenize.shard.ShardResult;
import org.instella.tokenize.shard.ShardTimes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line a source: counts, and where the time of its tasks went. */
final class TokenizeReport {
  private static final Logger log = LoggerFactory.getLogger(TokenizeReport.class);

  private TokenizeReport() {}

  /**
   * @param written results of the shards that were written now, by source; shards of an earlier run
   *     are not among them
   */
  static void log(List<Manifest> manifests, Map<String, List<ShardResult>> written) {
    for (Manifest manifest : manifests) {
      String source = manifest.textFact("source");
      long tokens = manifest.longFact("tokens");
      long bytes = manifest.longFact("text_bytes");
      long rejected = manifest.longFact("rejected_lines");
      log.info(
          "  {}: {} documents, {} tokens, {} bytes a token{}{}",
          source,
          "%,d".formatted(manifest.longFact("documents")),
          "%,d".formatted(tokens),
          "%.2f".formatted(tokens == 0 ? 0 : (double) bytes / tokens),
          rejected == 0 ? "" : ", %,d lines REJECTED (see *.rejected.jsonl)".formatted(rejected),
          shares(written.getOrDefault(source, List.of())));
    }
  }

  private static String shares(List<ShardResult> results) {
    ShardTimes times = ShardTimes.NONE;
    for (ShardResult result : results) {
      times = times.plus(result.times());
    }
    double total = times.totalNanos();
    if (total == 0) {
      return "";
    }
    return "; task time %.1f s: read %.0f %%, unpack %.0f %%, parse %.0f %%, encode %.0f %%, write %.0f %%"
        .formatted(
            total / 1e9,
            100 * times.readNanos() / total,
            100 * times.unpackNanos() / total,
            100 * times.parseNanos() / total,
            100 * times.encodeNanos() / total,
            100 * times.writeNanos() / total);
  }
}
