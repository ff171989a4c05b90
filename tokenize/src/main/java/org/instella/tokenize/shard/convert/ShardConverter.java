package org.instella.tokenize.shard.convert;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipException;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.EosRule;
import org.instella.tokenize.shard.IdIndex;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.tokenize.shard.TokenShard;
import org.instella.tokenize.shard.TokenShardWriter;

/**
 * Converts whole data sets, shard by shard, and publishes the result by one rename. What the
 * foreign files cannot say (source, tokenizer, end-of-document id) goes into a manifest beside
 * them, so that the way back needs nothing else.
 */
public final class ShardConverter {
  private final Storage storage;

  public ShardConverter(Storage storage) {
    this.storage = storage;
  }

  /**
   * Writes {@code dataset} in another format.
   *
   * @throws DataException if something is published there already
   */
  public Manifest exportTo(ForeignFormat format, TokenDataset dataset, Location published) {
    Location staging = storage.staging(published);
    Manifest.Builder manifest =
        Manifest.builder(format.kind(), 1).input("tokens", dataset.manifest().digest());
    for (String fact :
        List.of(
            "source",
            "tokenizer_sha256",
            "vocabulary_size",
            "eos_id",
            "eos_rule",
            "tokens",
            "documents")) {
      manifest.fact(fact, dataset.manifest().facts().get(fact));
    }
    return published(
        staging,
        published,
        manifest,
        () -> {
          for (int i = 0; i < dataset.shards().size(); i++) {
            String name = withoutEnding(dataset.shards().get(i).name(), TokenShard.SUFFIX);
            format.write(storage, dataset.shard(i), staging, name).forEach(manifest::file);
          }
        });
  }

  /** Reads a folder that {@link #exportTo} wrote: its manifest knows the rest. */
  public Manifest importFrom(ForeignFormat format, Location folder, Location published) {
    Manifest manifest = Manifest.read(storage, folder);
    if (!manifest.kind().equals(format.kind())) {
      throw new DataException(
          ConvertError.NO_SHARDS,
          "%s holds %s, not %s".formatted(folder, manifest.kind(), format.kind()));
    }
    ShardHeader header =
        new ShardHeader(
            manifest.textFact("source"),
            manifest.textFact("tokenizer_sha256"),
            Math.toIntExact(manifest.longFact("vocabulary_size")),
            Math.toIntExact(manifest.longFact("eos_id")),
            EosRule.parse(manifest.textFact("eos_rule")));
    return importFrom(format, folder, header, published);
  }

  /**
   * Reads a folder in another format, in the order of the names, into a data set of ours.
   *
   * @param header what the foreign files do not say
   * @throws DataException if there is no shard, or its files contradict each other
   */
  public Manifest importFrom(
      ForeignFormat format, Location folder, ShardHeader header, Location published) {
    List<FileEntry> files =
        storage.list(folder).stream()
            .filter(entry -> !entry.folder() && entry.location().name().endsWith(format.ending()))
            .toList();
    if (files.isEmpty()) {
      throw new DataException(
          ConvertError.NO_SHARDS, "No file in %s ends in %s".formatted(folder, format.ending()));
    }
    Location staging = storage.staging(published);
    Manifest.Builder manifest = Manifest.builder(TokenDataset.KIND, TokenDataset.FORMAT_VERSION);
    return published(
        staging,
        published,
        manifest,
        () -> {
          List<Map<String, Object>> facts = new ArrayList<>();
          for (FileEntry file : files) {
            manifest.input(file.location().name(), Digests.sha256(storage, file.location()));
            facts.add(importShard(format, folder, file, header, staging, manifest));
          }
          addFacts(manifest, header, facts);
        });
  }

  private Map<String, Object> importShard(
      ForeignFormat format,
      Location folder,
      FileEntry file,
      ShardHeader header,
      Location staging,
      Manifest.Builder manifest)
      throws IOException {
    String name = withoutEnding(file.location().name(), format.ending());
    Location shard = staging.resolve(name + TokenShard.SUFFIX);
    Location ids = staging.resolve(name + IdIndex.SUFFIX);
    try (OutputStream created = storage.create(shard);
        DigestingOutputStream out = new DigestingOutputStream(created)) {
      TokenShardWriter writer = new TokenShardWriter(out, header);
      format.read(storage, folder, name, header, writer::add);
      IdIndex index = writer.finish();
      out.close();
      manifest.file(out.finish(shard.name()));
      try (DigestingOutputStream indexOut = new DigestingOutputStream(storage.create(ids))) {
        index.writeTo(indexOut);
        indexOut.close();
        manifest.file(indexOut.finish(ids.name()));
      }
      Map<String, Object> fact = new TreeMap<>();
      fact.put("name", shard.name());
      fact.put("documents", (long) writer.documents());
      fact.put("tokens", writer.tokens());
      return fact;
    }
  }

  private static void addFacts(
      Manifest.Builder manifest, ShardHeader header, List<Map<String, Object>> shards) {
    manifest
        .fact("source", header.source())
        .fact("tokenizer_sha256", header.tokenizerDigest())
        .fact("vocabulary_size", header.vocabularySize())
        .fact("eos_id", header.eosId())
        .fact("eos_rule", header.eosRule().text())
        .fact("documents", sum(shards, "documents"))
        .fact("tokens", sum(shards, "tokens"))
        .fact("shards", shards);
  }

  private static long sum(List<Map<String, Object>> facts, String key) {
    return facts.stream().mapToLong(fact -> (Long) fact.get(key)).sum();
  }

  private static String withoutEnding(String name, String ending) {
    return name.substring(0, name.length() - ending.length());
  }

  /** Work that fills a staging folder. */
  private interface Work {
    void run() throws IOException;
  }

  private Manifest published(
      Location staging, Location published, Manifest.Builder manifest, Work work) {
    try {
      storage.makeFolder(staging);
      work.run();
      Manifest built = manifest.build();
      built.writeTo(storage, staging);
      storage.publish(staging, published);
      return built;
    } catch (IOException e) {
      throw cleaned(staging, failed(published, e));
    } catch (UncheckedIOException e) {
      throw cleaned(staging, failed(published, e.getCause()));
    } catch (RuntimeException e) {
      throw cleaned(staging, e);
    }
  }

  private static InstellaException failed(Location published, IOException e) {
    if (e instanceof EOFException || e instanceof ZipException) {
      return new DataException(
          ConvertError.INCONSISTENT_FILES,
          "A file to be converted into %s is damaged: %s".formatted(published, e.getMessage()),
          e);
    }
    return new EnvironmentException(
        ConvertError.TRANSFER_FAILED,
        "Cannot convert into %s: %s".formatted(published, e.getMessage()),
        e);
  }

  private RuntimeException cleaned(Location staging, RuntimeException failure) {
    try {
      storage.delete(staging);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }
}
