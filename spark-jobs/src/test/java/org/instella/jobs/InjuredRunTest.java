package org.instella.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.jobs.cluster.LazyCluster;
import org.instella.train.journal.Goodput;
import org.instella.train.journal.GoodputMeter;
import org.instella.train.journal.JournalEntry;
import org.instella.train.journal.RunJournal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The promise of the house: ranks are killed and frozen, and the run ends with the quiet run's
 * bytes. The long form is {@code SoakTest}.
 */
class InjuredRunTest {
  private static final int STEPS = 600;
  private static final String RECIPE =
      """
      train {
        ranks = 2
        seed = 5796
        sequence-length = 64
        global-batch = 8
        micro-batch = 1
        duration = %d steps
        model {
          layers = 1, hidden-size = 32, heads = 2, feed-forward-size = 48
          vocabulary-size = 400, max-positions = 64
        }
        data.sources = [{ path = "%s" }]
        optimizer { learning-rate = 1e-2, clip-norm = 1.0 }
        checkpoint { every = 10 steps, keep = 2 }
        group.silence-timeout = 3s
        %s
      }
      """;

  @TempDir Path folder;

  private static final String FAULTS =
      "chaos { asked = true, every = 1s, at-most = 3, kinds = [kill, stop, kill-while-saving] }";

  @Test
  @Timeout(value = 600, unit = TimeUnit.SECONDS)
  void killedAndFrozenRanksCostTimeAndNotABit() throws Exception {
    try (LazyCluster threads =
        new LazyCluster("quiet", ClusterConfig.embedded().withMaster("local[2]"), 2)) {
      TokenFolder.make(threads, folder);
      train(threads, "quiet", "");
    }
    try (LazyCluster processes = new LazyCluster("injured", ClusterConfig.embedded(), 2)) {
      train(processes, "injured", FAULTS);
    }
    assertThat(Files.readString(folder.resolve("injured/metrics.jsonl")).lines().count())
        .as("every step once in the metrics")
        .isEqualTo(STEPS);
    assertThat(Files.readAllBytes(folder.resolve("injured/model/model.safetensors")))
        .isEqualTo(Files.readAllBytes(folder.resolve("quiet/model/model.safetensors")));
    assertThat(Files.readString(folder.resolve("injured/chaos.jsonl")))
        .as("faults that were injected and healed")
        .contains("\"kind\":\"kill\"")
        .contains("\"kind\":\"stop\"")
        .contains("\"kind\":\"kill-while-saving\"");
    assertThat(folder.resolve("injured/model/manifest.json"))
        .content()
        .as("faults are no part of what made the weights")
        .doesNotContain("chaos");
    assertThatTheJournalAccountsForEverySecond();
  }

  private void assertThatTheJournalAccountsForEverySecond() {
    List<JournalEntry> journal =
        RunJournal.read(Storage.standard(), Location.of(folder).resolve("injured"));
    assertThat(journal)
        .filteredOn(entry -> entry.kind() == JournalEntry.Kind.LOST)
        .isNotEmpty()
        .allSatisfy(entry -> assertThat(entry.facts().get("why")).isNotBlank());
    Goodput goodput = GoodputMeter.of(journal);
    assertThat(goodput.restart()).isPositive();
    double wall = (journal.get(journal.size() - 1).millis() - journal.get(0).millis()) / 1e3;
    assertThat(goodput.total()).isCloseTo(wall, within(1e-3));
  }

  @Test
  void faultsNobodyAskedForAreRefused() {
    Recipe recipe = Recipe.parse(recipe("chaos { every = 3s }"), "test");
    Section section = Section.of(recipe, "train");
    Settings settings = section.open();
    TrainJob.from(settings.ignoring("output"), section);
    assertThatThrownBy(settings::finish)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("kills ranks of the run on purpose")
        .hasMessageContaining("--chaos");
  }

  @Test
  void ranksThatAreThreadsOfTheDriverAreNotInjured() {
    try (LazyCluster threads =
        new LazyCluster("threads", ClusterConfig.embedded().withMaster("local[2]"), 2)) {
      assertThatThrownBy(() -> train(threads, "threads", FAULTS))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("the master is local[2]")
          .hasMessageContaining("local-cluster");
    }
  }

  private String recipe(String more) {
    return RECIPE.formatted(STEPS, folder.resolve("tokens/stories"), more);
  }

  private void train(LazyCluster cluster, String output, String more) {
    Recipe recipe = Recipe.parse(recipe(more), "test");
    Section section = Section.of(recipe, "train");
    TokenFolder.run(cluster, TrainJob.from(section.open(), section), folder, output);
  }
}
