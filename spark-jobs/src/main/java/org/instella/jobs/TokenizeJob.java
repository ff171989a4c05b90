package org.instella.jobs;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.ParallelStage;
import org.instella.jobs.progress.ProgressChannel;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.WorkUnit;
import org.instella.tokenize.estimate.SampleSize;
import org.instella.tokenize.estimate.SourceSampler;
import org.instella.tokenize.shard.DatasetCommit;
import org.instella.tokenize.shard.ShardResult;
import org.instella.tokenize.shard.ShardTask;
import org.instella.tokenize.shard.ShardTaskSpec;
import org.instella.tokenize.shard.TokenizeConfig;
import org.instella.tokenize.shard.TokenizePlan;

/**
 * Documents to token shards, one data set per source. Which shard holds which documents is decided
 * by the list of input files alone; a shard is one task, written once whatever happens to tasks; a
 * data set appears all at once. So the output is the same, byte for byte, for any number of cores,
 * tasks and faults, and a job that was stopped goes on with the shards that are missing.
 */
public record TokenizeJob(TokenizeConfig config, TokenSource.Spec documents) implements Job {
  /** The kind of the manifest over the data sets of all sources. */
  public static final String KIND = "token-sets";

  /** Reads a section {@code tokenize}. */
  public static TokenizeJob from(Settings tokenize) {
    return new TokenizeJob(TokenizeConfig.from(tokenize), TokenSource.Spec.from(tokenize));
  }

  @Override
  public List<Location> inputs() {
    List<Location> inputs = new ArrayList<>(documents.places());
    inputs.add(config.tokenizer().file());
    return inputs;
  }

  @Override
  public int slots(int total) {
    return total;
  }

  @Override
  public JobResult run(JobContext context) {
    Storage storage = context.storage();
    try (Tokenizer tokenizer = Tokenizers.open(storage, config.tokenizer())) {
      requireEndOfDocument(tokenizer);
      List<TokenSource> sources = sources(storage);
      List<TokenizePlan> plans = plans(storage, sources, context.output(), tokenizer.digest());
      long begin = System.nanoTime();
      Map<String, List<ShardResult>> written = writeShards(context, plans);
      double seconds = (System.nanoTime() - begin) / 1e9;
      List<Manifest> manifests = new ArrayList<>();
      for (TokenizePlan plan : plans) {
        if (!isPublished(storage, plan)) {
          DatasetCommit.commit(storage, plan, tokenizer);
        }
        manifests.add(Manifest.read(storage, plan.published()));
      }
      TokenizeReport.log(manifests, written, seconds);
      return publish(storage, context.output(), manifests, sources);
    }
  }

  /** Fails before the work, not at its end. */
  private void requireEndOfDocument(Tokenizer tokenizer) {
    if (tokenizer.idOf(config.eosToken()).isEmpty()) {
      throw new ConfigurationException(
          JobError.BAD_SETTING,
          "tokenize.eos-token = %s: %s has no such token"
              .formatted(config.eosToken(), config.tokenizer().file()));
    }
  }

  /**
   * What the job would give, from a sample; nothing is written and Spark is not started.
   *
   * @throws DataException if a source has no documents
   */
  public MixEstimate estimate(Storage storage, SampleSize size) {
    try (Tokenizer tokenizer = Tokenizers.open(storage, config.tokenizer())) {
      requireEndOfDocument(tokenizer);
      SourceSampler sampler = new SourceSampler(storage, tokenizer, size);
      List<MixEstimate.Part> parts = new ArrayList<>();
      for (TokenSource source : sources(storage)) {
        TokenizePlan plan = plan(storage, source, Location.of("."), tokenizer.digest());
        parts.add(new MixEstimate.Part(sampler.estimate(plan), source.repeat()));
      }
      return new MixEstimate(parts, size);
    }
  }

  private List<TokenizePlan> plans(
      Storage storage, List<TokenSource> sources, Location output, String tokenizerDigest) {
    return sources.stream().map(source -> plan(storage, source, output, tokenizerDigest)).toList();
  }

  private TokenizePlan plan(
      Storage storage, TokenSource source, Location output, String tokenizerDigest) {
    return new TokenizePlan(
        source.name(),
        DocumentFiles.list(storage, source.path())
            .withCuts(storage, config.shardInputBytes(), config.zstdSplit()),
        source.sampling(),
        config,
        tokenizerDigest,
        output.resolve(source.name()));
  }

  /** All sources, in the order of their names. */
  private List<TokenSource> sources(Storage storage) {
    List<TokenSource> sources = documents.sources(storage);
    sources.sort(Comparator.comparing(TokenSource::name));
    for (int i = 1; i < sources.size(); i++) {
      if (sources.get(i).name().equals(sources.get(i - 1).name())) {
        throw new ConfigurationException(
            JobError.BAD_SETTING,
            "Two sources are called %s; name them apart under tokenize.sources"
                .formatted(sources.get(i).name()));
      }
    }
    return sources;
  }

  private Map<String, List<ShardResult>> writeShards(JobContext context, List<TokenizePlan> plans) {
    List<ShardTaskSpec> specs = new ArrayList<>();
    for (TokenizePlan plan : plans) {
      if (!isPublished(context.storage(), plan)) {
        for (WorkUnit unit : plan.units()) {
          specs.add(plan.task(unit));
        }
      }
    }
    // The longest first: what is left at the end is small.
    specs.sort(Comparator.comparingLong((ShardTaskSpec spec) -> spec.unit().bytes()).reversed());
    long bytes = specs.stream().mapToLong(spec -> spec.unit().bytes()).sum();
    TokenizeProgress progress = new TokenizeProgress(context.name(), specs.size(), bytes);
    String topic = "tokenize-" + context.output().uri();
    Map<String, List<ShardResult>> bySource = new HashMap<>();
    try (var subscription = ProgressChannel.listen(topic, progress::finished)) {
      List<ShardResult> results =
          specs.isEmpty()
              ? List.of()
              : ParallelStage.run(
                  context.cluster().get(),
                  context.name(),
                  specs,
                  spec -> {
                    ShardResult result = ShardTask.run(Storage.standard(), spec);
                    ProgressChannel.send(topic, result);
                    return result;
                  });
      for (int i = 0; i < results.size(); i++) {
        bySource
            .computeIfAbsent(specs.get(i).source(), source -> new ArrayList<>())
            .add(results.get(i));
      }
    }
    return bySource;
  }

  /** True when the same work was published before; other work there is refused. */
  private static boolean isPublished(Storage storage, TokenizePlan plan) {
    Optional<Manifest> there = Manifest.find(storage, plan.published());
    if (there.isPresent() && !there.get().fingerprint().equals(plan.fingerprint())) {
      throw new DataException(
          JobError.BAD_INPUT,
          "%s holds a data set that was made from other documents or settings; remove it or name another output"
              .formatted(plan.published()));
    }
    return there.isPresent();
  }

  private JobResult publish(
      Storage storage, Location output, List<Manifest> manifests, List<TokenSource> sources) {
    List<Map<String, Object>> mix = new ArrayList<>();
    long tokens = 0;
    long documentCount = 0;
    Manifest.Builder all = Manifest.builder(KIND, 1);
    for (int i = 0; i < manifests.size(); i++) {
      Manifest manifest = manifests.get(i);
      all.input(manifest.textFact("source"), manifest.digest());
      mix.add(mixFact(manifest, sources.get(i)));
      tokens += manifest.longFact("tokens");
      documentCount += manifest.longFact("documents");
    }
    Manifest manifest =
        all.fact("tokens", tokens)
            .fact("documents", documentCount)
            .fact("sources", manifests.stream().map(m -> m.textFact("source")).toList())
            .fact("mix", mix)
            .build();
    storage.delete(output.resolve(Manifest.FILE_NAME));
    manifest.writeTo(storage, output);
    return new JobResult(
        output,
        "%,d documents, %,d tokens in %d sources"
            .formatted(documentCount, tokens, manifests.size()));
  }

  /** The measured share of one source in the mix. */
  private static Map<String, Object> mixFact(Manifest manifest, TokenSource source) {
    Map<String, Object> fact = new TreeMap<>();
    fact.put("source", source.name());
    fact.put("fraction", source.sampling().fraction());
    fact.put("seed", source.sampling().seed());
    fact.put("repeat", source.repeat());
    fact.put("tokens", manifest.longFact("tokens"));
    fact.put("tokens_in_mix", Math.round(manifest.longFact("tokens") * source.repeat()));
    return fact;
  }
}
