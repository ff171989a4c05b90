package org.instella.train;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.EosRule;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.tokenize.shard.TokenShardWriter;
import org.instella.train.parallel.Rank;
import org.instella.train.parallel.ThreadRanks;

/**
 * A training stage small enough for a test: two sources of generated ids, a model of two blocks.
 */
public final class TinyRun {
  static final int VOCABULARY = 64;
  static final String TOKENIZER = Digests.sha256("tiny tokenizer");

  private final Path data;
  private final Path outputs;
  private final Storage storage;
  private final String overrides;

  private TinyRun(Path data, Path outputs, Storage storage, String overrides) {
    this.data = data;
    this.outputs = outputs;
    this.storage = storage;
    this.overrides = overrides;
  }

  /** Writes the data of the run into a folder. */
  public static TinyRun in(Path folder) {
    TinyRun run = new TinyRun(folder, folder, Storage.standard(), "");
    run.dataset("walks", TOKENIZER, 7, 260, 901, 40);
    run.dataset("sums", TOKENIZER, 8, 700);
    run.dataset("held-out", TOKENIZER, 9, 200);
    return run;
  }

  /** The same run with settings added to the {@code train} section. */
  TinyRun with(String hocon) {
    return new TinyRun(data, outputs, storage, overrides + "\n" + hocon);
  }

  TinyRun on(Storage other) {
    return new TinyRun(data, outputs, other, overrides);
  }

  /** The same data, other output folders. */
  TinyRun into(Path otherOutputs) {
    return new TinyRun(data, otherOutputs, storage, overrides);
  }

  /** Output folder of a run. */
  Location output(String name) {
    return Location.of(outputs.resolve(name));
  }

  public Location folder(String name) {
    return Location.of(data.resolve(name));
  }

  /** Writes a data set of shards with about so many tokens each. */
  void dataset(String name, String tokenizer, long seed, int... shardTokens) {
    Random random = new Random(seed);
    ShardHeader header = new ShardHeader(name, tokenizer, VOCABULARY, 0, EosRule.UNLESS_LAST);
    List<Map<String, Object>> facts = new ArrayList<>();
    Manifest.Builder manifest =
        Manifest.builder(TokenDataset.KIND, TokenDataset.FORMAT_VERSION)
            .input("seed", Long.toString(seed));
    long allTokens = 0;
    for (int i = 0; i < shardTokens.length; i++) {
      String file = "part-%05d.arrow".formatted(i);
      Location shard = folder(name).resolve(file);
      try (OutputStream out = storage.create(shard)) {
        TokenShardWriter writer = new TokenShardWriter(out, header);
        while (writer.tokens() < shardTokens[i]) {
          int[] document = document(random);
          int number = writer.documents();
          writer.add(
              document, document.length, "%s-%d-%d".formatted(name, i, number), file, number + 1);
        }
        writer.finish();
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("name", file);
        fact.put("documents", writer.documents());
        fact.put("tokens", writer.tokens());
        facts.add(fact);
        allTokens += writer.tokens();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      manifest.file(Digests.of(storage, shard, file));
    }
    manifest
        .fact("source", name)
        .fact("tokens", allTokens)
        .fact("tokenizer_sha256", tokenizer)
        .fact("vocabulary_size", VOCABULARY)
        .fact("eos_id", 0)
        .fact("shards", facts)
        .build()
        .writeTo(storage, folder(name));
  }

  /** A walk with a fixed stride, so that there is something to learn; ends with id 0. */
  private static int[] document(Random random) {
    int length = 10 + random.nextInt(40);
    int stride = 1 + random.nextInt(3);
    int start = random.nextInt(VOCABULARY - 1);
    int[] ids = new int[length];
    for (int i = 0; i < length - 1; i++) {
      ids[i] = 1 + (start + i * stride) % (VOCABULARY - 1);
    }
    return ids;
  }

  private Recipe recipe() {
    return Recipe.parse(
        """
        train {
          seed = 6198, sequence-length = 16, global-batch = 16, micro-batch = 2, duration = 12
          data.sources = [
            { name = walks, path = "%s" }
            { name = sums, path = "%s", repeat = 1.5 }
          ]
          model {
            layers = 2, hidden-size = 32, heads = 2, feed-forward-size = 48
            vocabulary-size = %d, max-positions = 32
          }
          start.seed = 1
          optimizer { learning-rate = 0.02, clip-norm = 1 }
          schedule { warmup = 3 }
          checkpoint { every = 4, keep = 3 }
          group { join-timeout = 20s, silence-timeout = 4s, operation-timeout = 30s }
          %s
        }
        """
            .formatted(folder("walks").uri(), folder("sums").uri(), VOCABULARY, overrides),
        "tiny.conf");
  }

  TrainConfig config() {
    Settings root = recipe().root();
    TrainConfig config = TrainConfig.from(root.section("train", "the stage"));
    root.finish();
    return config;
  }

  /** What one rank is given. */
  TrainRun on(Rank rank, String output, TrainListener listener, BooleanSupplier stop) {
    return new TrainRun(
        rank,
        storage,
        output(output),
        recipe().root().section("train", "the stage").resolved(),
        listener,
        stop);
  }

  /** Trains with so many ranks to the end. */
  TrainResult train(int ranks, String output) throws Exception {
    return train(ranks, output, TrainListener.silent());
  }

  TrainResult train(int ranks, String output, TrainListener listener) throws Exception {
    return ThreadRanks.run(
            ranks, rank -> Trainer.run(config(), on(rank, output, listener, () -> false)))
        .get(0);
  }

  byte[] bytes(Location file) {
    return storage.readBytes(file, 1 << 28);
  }
}
