package org.instella.jobs;

import java.io.Serializable;
import java.time.Duration;
import org.instella.jobs.progress.RunClock;
import org.instella.tokenize.shard.ShardResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line from time to time: how far, how fast, how long still. */
final class TokenizeProgress {
  private static final Logger log = LoggerFactory.getLogger(TokenizeProgress.class);
  private static final Duration EVERY = Duration.ofSeconds(5);

  private final String name;
  private final int shards;
  private final long bytes;
  private final long start = System.nanoTime();
  private long lastLine = start;
  private int done;
  private long doneBytes;
  private long tokens;

  TokenizeProgress(String name, int shards, long bytes) {
    this.name = name;
    this.shards = shards;
    this.bytes = bytes;
  }

  /** A shard is finished; called from the driver's message threads. */
  synchronized void finished(Serializable event) {
    if (!(event instanceof ShardResult result)) {
      return;
    }
    done++;
    doneBytes += result.storedBytes();
    tokens += result.tokens();
    long now = System.nanoTime();
    if (now - lastLine < EVERY.toNanos() && done < shards) {
      return;
    }
    lastLine = now;
    double seconds = Math.max(1e-3, (now - start) / 1e9);
    double left = doneBytes == 0 ? Double.NaN : (bytes - doneBytes) * seconds / doneBytes;
    log.info(
        "{}: {}/{} shards, {} tokens, {}/s, {} MB/s read, {} left",
        name,
        done,
        shards,
        "%,d".formatted(tokens),
        "%,.0f".formatted(tokens / seconds),
        "%.1f".formatted(doneBytes / 1e6 / seconds),
        RunClock.text(Math.max(0, left)));
  }
}
