package org.instella.jobs;

import java.nio.file.Path;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.jobs.cluster.LazyCluster;
import org.instella.jobs.demo.DemoCorpusJob;

/** A small corpus, a tokenizer of 400 ids and token shards, made in a folder. */
public final class TokenFolder {
  private TokenFolder() {}

  /** Leaves {@code corpus}, {@code tokenizer} and {@code tokens/stories} in the folder. */
  public static void make(Path folder) {
    try (LazyCluster cluster =
        new LazyCluster("tokens", ClusterConfig.embedded().withMaster("local[2]"), 1)) {
      make(cluster, folder);
    }
  }

  /** The same on a cluster that is there. */
  static void make(LazyCluster cluster, Path folder) {
    run(cluster, new DemoCorpusJob(DemoCorpusJob.Size.SMALL, 7), folder, "corpus");
    String recipe =
        """
        train-tokenizer { vocabulary-size = 400, folders = ["%1$s/corpus/train"] }
        tokenize { tokenizer = "%1$s/tokenizer", folders = ["%1$s/corpus/train"] }
        """
            .formatted(folder);
    Settings root = Recipe.parse(recipe, "test").root();
    run(cluster, TrainTokenizerJob.from(root.section("train-tokenizer", "")), folder, "tokenizer");
    run(cluster, TokenizeJob.from(root.section("tokenize", "")), folder, "tokens");
  }

  /** Runs one job with its output in the folder. */
  static void run(LazyCluster cluster, Job job, Path folder, String output) {
    Location place = Location.of(folder).resolve(output);
    job.run(new JobContext(output, Storage.standard(), cluster, place));
  }
}
