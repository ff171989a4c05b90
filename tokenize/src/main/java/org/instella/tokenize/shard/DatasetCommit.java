package org.instella.tokenize.shard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.document.WorkUnit;

/**
 * Makes a data set of finished shards: moves them together, writes the manifest last and publishes
 * the folder by one rename. Every step may be interrupted and is taken up again by the next call.
 */
public final class DatasetCommit {
  private final Storage storage;
  private final TokenizePlan plan;
  private final Location gathered;

  private DatasetCommit(Storage storage, TokenizePlan plan) {
    this.storage = storage;
    this.plan = plan;
    this.gathered = plan.staging().resolve("dataset");
  }

  /**
   * Publishes the data set of {@code plan}.
   *
   * @return its manifest
   * @throws DataException if a shard is not finished, if more lines were rejected than the settings
   *     tolerate, or if something is published there already
   */
  public static Manifest commit(Storage storage, TokenizePlan plan, Tokenizer tokenizer) {
    return new DatasetCommit(storage, plan).commit(tokenizer);
  }

  private Manifest commit(Tokenizer tokenizer) {
    List<ShardResult> results = new ArrayList<>();
    for (WorkUnit unit : plan.units()) {
      results.add(result(unit));
    }
    checkRejected(results);
    Manifest.Builder manifest = plan.manifest();
    for (ShardResult result : results) {
      Location shard = plan.staging().resolve("shards").resolve(result.name());
      for (FileDigest file : result.files()) {
        Location there = gathered.resolve(file.name());
        if (!storage.exists(there)) {
          storage.publish(shard.resolve(file.name()), there);
        }
        manifest.file(file);
      }
    }
    addFacts(manifest, results, tokenizer);
    Manifest built = manifest.build();
    // A manifest left by an interrupted commit may be cut short.
    storage.delete(gathered.resolve(Manifest.FILE_NAME));
    built.writeTo(storage, gathered);
    storage.publish(gathered, plan.published());
    storage.delete(plan.staging());
    return built;
  }

  private ShardResult result(WorkUnit unit) {
    ShardTaskSpec task = plan.task(unit);
    if (!ShardTask.isFinished(storage, task)) {
      throw new DataException(
          ShardError.SHARD_MISSING,
          "Shard %s of %s is not finished; run instella tokenize again, it takes up where it stopped"
              .formatted(unit.name(), plan.published()));
    }
    return ShardResult.read(storage, task.finished());
  }

  private void checkRejected(List<ShardResult> results) {
    long rejected = results.stream().mapToLong(ShardResult::rejected).sum();
    long lines = rejected + results.stream().mapToLong(r -> r.documents() + r.empty()).sum();
    double tolerated = plan.config().maxRejectedShare();
    if (rejected > tolerated * lines) {
      ShardResult first = results.stream().filter(r -> r.rejected() > 0).findFirst().orElseThrow();
      throw new DataException(
          ShardError.TOO_MANY_REJECTED,
          ("%,d of %,d lines of source %s are no documents, more than max-rejected-share %s "
                  + "tolerates; see %s")
              .formatted(
                  rejected,
                  lines,
                  plan.source(),
                  tolerated,
                  plan.staging()
                      .resolve("shards")
                      .resolve(first.name())
                      .resolve(first.name() + RejectedLines.SUFFIX)));
    }
  }

  private void addFacts(Manifest.Builder manifest, List<ShardResult> results, Tokenizer tokenizer) {
    manifest
        .fact("source", plan.source())
        .fact("documents", results.stream().mapToLong(ShardResult::documents).sum())
        .fact("empty_documents", results.stream().mapToLong(ShardResult::empty).sum())
        .fact("tokens", results.stream().mapToLong(ShardResult::tokens).sum())
        .fact("text_bytes", results.stream().mapToLong(ShardResult::textBytes).sum())
        .fact("rejected_lines", results.stream().mapToLong(ShardResult::rejected).sum())
        .fact("tokenizer_sha256", tokenizer.digest())
        .fact("vocabulary_size", tokenizer.vocabularySize())
        .fact("eos_id", ShardTask.eosId(tokenizer, plan.config()))
        .fact("eos_rule", plan.config().eosRule().text())
        .fact("shards", results.stream().map(DatasetCommit::shardFact).toList());
  }

  private static Map<String, Object> shardFact(ShardResult result) {
    Map<String, Object> fact = new LinkedHashMap<>();
    fact.put("name", result.name() + TokenShard.SUFFIX);
    fact.put("documents", result.documents());
    fact.put("tokens", result.tokens());
    fact.put("text_bytes", result.textBytes());
    fact.put("rejected_lines", result.rejected());
    return fact;
  }
}
