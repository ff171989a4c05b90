package org.instella.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.ensemble.method.LinearMerge;
import org.instella.ensemble.search.Candidates;
import org.instella.model.checkpoint.Dtype;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A wish to stop, as a signal brings it: heard between pieces of work, kept is what is finished.
 */
class StoppedMergeTest {
  @TempDir private Path root;
  private List<String> folders;

  @BeforeEach
  void twoModels() {
    for (String name : List.of("a", "b")) {
      TinyModels.write(
          Location.of(root.resolve(name)), TinyModels.random(name.hashCode()), Dtype.F32);
    }
    folders = List.of(root.resolve("a").toString(), root.resolve("b").toString());
  }

  private MergeConfig mean() {
    return MergeConfig.of(MergeStage.of(folders, LinearMerge.mean(2))).withThreads(2);
  }

  private Manifest merge(MergeConfig config, String output, BooleanSupplier stop) {
    try (CheckpointMerger merger =
        CheckpointMerger.open(TinyModels.STORAGE, config, Parents.READ_ONCE, stop)) {
      return merger.merge(Location.of(root.resolve(output)));
    }
  }

  private List<Path> hidden() throws IOException {
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(path -> path.getFileName().toString().startsWith("._")).toList();
    }
  }

  private boolean finished(String file) {
    try {
      return hidden().stream().anyMatch(folder -> Files.exists(folder.resolve(file)));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void finishedFilesAreKeptAndTheNextRunGoesOnWithTheOthers() throws IOException {
    MergeConfig cut = mean().withShardLimit(15_000);
    Manifest quiet = merge(cut, "quiet", () -> false);
    assertThatThrownBy(
            () -> merge(cut, "merged", () -> finished("model-00003-of-00007.safetensors")))
        .isInstanceOf(StoppedException.class)
        .hasMessage(
            "The merge was stopped; 3 of its 7 files are finished and kept, the same command goes on"
                + " with the others");
    assertThat(root.resolve("merged")).doesNotExist();
    Path first = hidden().get(0).resolve("model-00001-of-00007.safetensors");
    Object kept = Files.getAttribute(first, "unix:ino");

    assertThat(merge(cut, "merged", () -> false).files()).isEqualTo(quiet.files());
    assertThat(
            Files.getAttribute(root.resolve("merged/model-00001-of-00007.safetensors"), "unix:ino"))
        .isEqualTo(kept);
    assertThat(hidden()).isEmpty();
  }

  @ParameterizedTest(name = "at question {0}")
  @ValueSource(ints = {1, 3, 8})
  void aFileIsLeftBetweenItsPieces(int question) throws IOException {
    AtomicInteger questions = new AtomicInteger();
    assertThatThrownBy(() -> merge(mean(), "merged", () -> questions.incrementAndGet() >= question))
        .isInstanceOf(StoppedException.class)
        .hasMessage(
            "The merge was stopped before the first of its files (1) was finished; the same command"
                + " starts it again");
    assertThat(root.resolve("merged")).doesNotExist();
    assertThat(hidden()).isEmpty();
    assertThat(merge(mean(), "merged", () -> false).files())
        .isEqualTo(merge(mean(), "quiet", () -> false).files());
  }

  /** A pass over a large tensor of seven billion numbers would otherwise go on for minutes. */
  @Test
  void aMethodThatPassesOverATensorHearsIt() throws IOException {
    Settings recipe =
        Recipe.parse(
                """
                models = ["@inner", "%2$s"], method = slerp
                stages { inner { models = ["%1$s", "%2$s"], method = ties, base = "%1$s" } }
                """
                    .formatted(folders.get(0), folders.get(1)),
                "merge.conf")
            .root();
    MergeConfig nested = MergeConfig.from(recipe);
    recipe.finish();
    // Only those who pass over tensors are told: the thread that asks before each piece is not.
    BooleanSupplier workersOnly = () -> Thread.currentThread().getName().equals("merge");
    assertThatThrownBy(() -> merge(nested, "merged", workersOnly))
        .isInstanceOf(StoppedException.class);
    assertThat(root.resolve("merged")).doesNotExist();
    assertThat(hidden()).isEmpty();
  }

  @Test
  void distancesAreLeftInTheMiddle() {
    AtomicInteger questions = new AtomicInteger();
    List<Location> models = folders.stream().map(Location::of).toList();
    assertThatThrownBy(
            () ->
                ModelDistances.measure(
                    TinyModels.STORAGE, models, 2, () -> questions.incrementAndGet() > 3))
        .isInstanceOf(StoppedException.class);
  }

  @Test
  void aSearchHearsItInTheMergeOfACandidate() {
    Location work = Location.of(root.resolve("work"));
    Candidates candidates =
        new Candidates(
            TinyModels.STORAGE,
            work,
            candidate -> candidate.use(folder -> 1.0),
            () -> root.resolve("work").toFile().exists());
    assertThatThrownBy(() -> candidates.lossOf(mean())).isInstanceOf(StoppedException.class);
    assertThat(work.resolve("candidate").toLocalPath()).doesNotExist();
  }
}
