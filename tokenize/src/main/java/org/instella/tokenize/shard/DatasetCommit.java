package org.instella.tokenize.shard;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.instella.conf.error.DataException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.document.WorkUnit;

/**
 * Makes a data set of finished shards: moves them together, writes the manifest last and publishes
 * the folder by one rename; on an object store they are gathered in place and the manifest, put
 * last, publishes them. Every step may be interrupted and is taken up again by the next call.
 *
 * @param staging where the shards were finished, see {@link ShardPlace}
 * @param published folder of the data set to be
 * @param header what is true of all its documents
 * @param maxRejectedShare rejected lines over all lines above which nothing is published
 */
public record DatasetCommit(
    Location staging, Location published, ShardHeader header, double maxRejectedShare) {

  /**
   * Publishes the data set of {@code plan}.
   *
   * @return its manifest
   * @throws DataException if a shard is not finished, if more lines were rejected than the settings
   *     tolerate, or if something is published there already
   */
  public static Manifest commit(Storage storage, TokenizePlan plan, Tokenizer tokenizer) {
    List<ShardResult> results = new ArrayList<>();
    for (WorkUnit unit : plan.units()) {
      results.add(result(storage, plan, unit));
    }
    DatasetCommit commit =
        new DatasetCommit(
            plan.staging(),
            plan.published(),
            ShardHeader.of(plan.source(), tokenizer, plan.config()),
            plan.config().maxRejectedShare());
    return commit.publish(storage, results, plan.manifest());
  }

  /**
   * Publishes a data set of {@code results}, in their order.
   *
   * @param manifest holds its inputs and settings
   * @return the manifest, with files and facts
   * @throws DataException if too many lines were rejected, or if something is there already
   */
  public Manifest publish(Storage storage, List<ShardResult> results, Manifest.Builder manifest) {
    checkRejected(storage, results);
    storage.requireAbsent(published);
    Location gathered = storage.assembly(staging.resolve("dataset"), published);
    storage.makeFolder(gathered);
    Set<String> names = new HashSet<>();
    for (ShardResult result : results) {
      Location shard = folder(storage, result.name());
      for (FileDigest file : result.files()) {
        gather(storage, shard.resolve(file.name()), gathered.resolve(file.name()));
        manifest.file(file);
        names.add(file.name());
      }
    }
    removeOthers(storage, gathered, names);
    addFacts(manifest, results);
    Manifest built = manifest.build();
    built.writeTo(storage, gathered);
    storage.publish(gathered, published);
    removeStaging(storage);
    return built;
  }

  /** A file that is still where it was written has not been moved, whatever lies at its place. */
  private static void gather(Storage storage, Location written, Location there) {
    if (storage.exists(written)) {
      storage.delete(there);
      storage.publish(written, there);
    } else {
      storage.stat(there); // moved by a commit that was interrupted
    }
  }

  /**
   * Removes what an interrupted commit may have left: a manifest that is cut short, and on an
   * object store, where all gather in the same place, files of another recipe.
   */
  private static void removeOthers(Storage storage, Location gathered, Set<String> names) {
    for (FileEntry entry : storage.list(gathered)) {
      if (!names.contains(entry.location().name())) {
        storage.delete(entry.location());
      }
    }
  }

  /**
   * What is left in the staging folder is of no use to anybody, and a task of a dead driver may
   * still be writing there: that it cannot be removed is no reason to fail what is published.
   */
  private void removeStaging(Storage storage) {
    try {
      storage.delete(staging);
    } catch (InstellaException e) {
      System.getLogger(DatasetCommit.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "{0} is published; {1} could not be removed and can be deleted: {2}",
              published,
              staging,
              e.getMessage());
    }
  }

  private static ShardResult result(Storage storage, TokenizePlan plan, WorkUnit unit) {
    ShardTaskSpec task = plan.task(unit);
    return ShardTask.finished(storage, task)
        .orElseThrow(() -> notFinished(unit.name(), plan.published()));
  }

  private Location folder(Storage storage, String shard) {
    return new ShardPlace(staging, shard)
        .finished(storage)
        .orElseThrow(() -> notFinished(shard, published));
  }

  private static DataException notFinished(String shard, Location published) {
    return new DataException(
        ShardError.SHARD_MISSING,
        "Shard %s of %s is not finished; run instella tokenize again, it takes up where it stopped"
            .formatted(shard, published));
  }

  private void checkRejected(Storage storage, List<ShardResult> results) {
    long rejected = results.stream().mapToLong(ShardResult::rejected).sum();
    long lines =
        rejected + results.stream().mapToLong(r -> r.documents() + r.empty() + r.notDrawn()).sum();
    if (rejected > maxRejectedShare * lines) {
      ShardResult first = results.stream().filter(r -> r.rejected() > 0).findFirst().orElseThrow();
      throw new DataException(
          ShardError.TOO_MANY_REJECTED,
          ("%,d of %,d lines of source %s are no documents, more than max-rejected-share %s "
                  + "tolerates; see %s")
              .formatted(
                  rejected,
                  lines,
                  header.source(),
                  maxRejectedShare,
                  folder(storage, first.name()).resolve(first.name() + RejectedLines.SUFFIX)));
    }
  }

  private void addFacts(Manifest.Builder manifest, List<ShardResult> results) {
    manifest
        .fact("source", header.source())
        .fact("documents", results.stream().mapToLong(ShardResult::documents).sum())
        .fact("empty_documents", results.stream().mapToLong(ShardResult::empty).sum())
        .fact("tokens", results.stream().mapToLong(ShardResult::tokens).sum())
        .fact("text_bytes", results.stream().mapToLong(ShardResult::textBytes).sum())
        .fact("rejected_lines", results.stream().mapToLong(ShardResult::rejected).sum())
        .fact("tokenizer_sha256", header.tokenizerDigest())
        .fact("vocabulary_size", header.vocabularySize())
        .fact("eos_id", header.eosId())
        .fact("eos_rule", header.eosRule().text())
        .fact("shards", results.stream().map(DatasetCommit::shardFact).toList());
    long notDrawn = results.stream().mapToLong(ShardResult::notDrawn).sum();
    if (notDrawn > 0) {
      manifest.fact("documents_not_drawn", notDrawn);
    }
  }

  private static Map<String, Object> shardFact(ShardResult result) {
    Map<String, Object> fact = new LinkedHashMap<>();
    fact.put("name", result.name() + TokenShard.SUFFIX);
    fact.put("documents", result.documents());
    fact.put("tokens", result.tokens());
    fact.put("text_bytes", result.textBytes());
    fact.put("rejected_lines", result.rejected());
    if (!result.inputCrc32c().isEmpty()) {
      fact.put("input_crc32c", result.inputCrc32c());
    }
    return fact;
  }
}
