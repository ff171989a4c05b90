package org.instella.ensemble;

import java.util.Locale;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** One merge as a process of its own, for {@code benchmarks/merge.sh}: RECIPE-TEXT OUTPUT. */
final class MergeBenchmark {
  private MergeBenchmark() {}

  public static void main(String[] arguments) {
    Settings settings = Recipe.parse(arguments[0], "benchmark").root();
    MergeConfig config = MergeConfig.from(settings);
    settings.finish();
    long start = System.nanoTime();
    try (CheckpointMerger merger = CheckpointMerger.open(Storage.standard(), config)) {
      merger.merge(Location.of(arguments[1]));
    }
    System.out.printf(Locale.ROOT, "%.3f%n", (System.nanoTime() - start) / 1e9);
  }
}
