package org.instella.tokenize.shard;

import java.util.List;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.InputFile;
import org.instella.tokenize.document.WorkPacking;
import org.instella.tokenize.document.WorkUnit;

/**
 * The tokenisation of one source, as its driver sees it: which shards there will be, where they are
 * gathered, and what identifies the result before it exists.
 *
 * @param source name of the source
 * @param sampling which of its documents are taken
 * @param tokenizerDigest digest of the tokenizer that {@code config} names
 * @param published folder of the data set
 */
public record TokenizePlan(
    String source,
    DocumentFiles files,
    DocumentSampling sampling,
    TokenizeConfig config,
    String tokenizerDigest,
    Location published) {

  /** A plan that takes every document. */
  public TokenizePlan(
      String source,
      DocumentFiles files,
      TokenizeConfig config,
      String tokenizerDigest,
      Location published) {
    this(source, files, DocumentSampling.ALL, config, tokenizerDigest, published);
  }

  /** The shards to be, in order: a function of the files and the settings alone. */
  public List<WorkUnit> units() {
    return WorkPacking.units(files.files(), config.shardInputBytes());
  }

  /** What the task of {@code unit} needs. */
  public ShardTaskSpec task(WorkUnit unit) {
    return new ShardTaskSpec(unit, source, sampling, config, staging());
  }

  /**
   * Where the shards are gathered. The same for the same work, so that a driver that is started
   * again finds what is finished already.
   */
  public Location staging() {
    return published
        .parent()
        .resolve("._staging-%s-%s".formatted(published.name(), fingerprint().substring(0, 16)));
  }

  /** What the manifest of the data set will give as its fingerprint. */
  public String fingerprint() {
    return manifest().build().fingerprint();
  }

  /** The manifest with inputs and settings, still without files and facts. */
  Manifest.Builder manifest() {
    StringBuilder listing = new StringBuilder();
    for (InputFile file : files.files()) {
      listing.append(file.bytes()).append(' ').append(file.name()).append('\n');
    }
    Manifest.Builder manifest =
        Manifest.builder(TokenDataset.KIND, TokenDataset.FORMAT_VERSION)
            .input("documents", Digests.sha256(listing.toString()))
            .input("tokenizer", tokenizerDigest)
            .configuration(config.flattened())
            .configuration("source", source);
    if (sampling.fraction() < 1) {
      manifest
          .configuration("fraction", sampling.fraction())
          .configuration("seed", sampling.seed());
    }
    return manifest;
  }
}
