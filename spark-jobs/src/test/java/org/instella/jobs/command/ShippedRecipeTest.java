package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.instella.conf.storage.Location;
import org.instella.jobs.command.Workspace.Called;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recipe of one machine for a driver on another, which sees none of its files. */
class ShippedRecipeTest {
  private static final String RECIPE = "spark.instella.recipe";
  private static final String FOLDER = "spark.instella.working-folder";

  @TempDir private Path folder;

  @AfterEach
  void forget() {
    System.clearProperty(RECIPE);
    System.clearProperty(FOLDER);
    System.clearProperty(Location.WORKING_FOLDER);
  }

  private Map<String, String> shipped(String... more) throws Exception {
    Files.writeString(
        folder.resolve("size.conf"), "hidden-size = 16, heads = 2, feed-forward-size = 24");
    Files.writeString(
        folder.resolve("train.conf"),
        Workspace.TRAIN.formatted("/data")
            + """
            train.model { include "size.conf" }
            let.seed = 1
            train.seed = ${let.seed}
            spark { executor.instances = 2, kubernetes.container.image = "a/b:1" }
            """);
    String[] command = {"train", "--conf", folder.resolve("train.conf").toString()};
    String[] all =
        Stream.of(command, more, new String[] {"--ship"})
            .flatMap(Arrays::stream)
            .toArray(String[]::new);
    Called called = Workspace.call(all);
    assertThat(called.code()).as(called.err()).isZero();
    return called
        .out()
        .lines()
        .map(line -> line.split("=", 2))
        .collect(Collectors.toMap(line -> line[0], line -> line[1], (a, b) -> b, TreeMap::new));
  }

  @Test
  void includesOverridesAndSparksPropertiesArriveWithoutTheFiles() throws Exception {
    Map<String, String> properties =
        shipped(
            "--output",
            folder.resolve("out").toString(),
            "--set",
            "let.seed=7",
            "--set",
            "spark.executor.cores=3");
    assertThat(properties)
        .containsEntry("spark.executor.instances", "2")
        .containsEntry("spark.executor.cores", "3")
        .containsEntry("spark.executor.maxNumFailures", "100")
        .containsEntry("spark.instella.home", System.getProperty("instella.home"))
        .containsEntry("spark.kubernetes.container.image", "a/b:1")
        .containsEntry(FOLDER, Path.of("").toAbsolutePath().toString());

    Files.delete(folder.resolve("train.conf"));
    System.setProperty(RECIPE, properties.get(RECIPE));
    Called called =
        Workspace.call(
            "train",
            "--conf",
            folder.resolve("train.conf").toString(),
            "--set",
            "let.seed=8", // applied where it was submitted, with what it referred to
            "--output",
            folder.resolve("out").toString(),
            "--print-conf");
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out())
        .contains("train.seed = 7\n", "train.model.hidden-size = 16\n")
        .contains("\"path\":\"/data/tokens/stories\"");
    assertThat(System.getProperty(RECIPE)).as("Spark's pages would show it").isNull();
  }

  @Test
  void relativePathsMeanWhatTheyMeantToWhoeverSubmitted() {
    System.setProperty(FOLDER, "/home/somebody");
    ShippedRecipe.takeFolders();
    assertThat(Location.of("runs/stage1").uri()).isEqualTo("/home/somebody/runs/stage1");
  }

  @Test
  void whatThisProcessWasToldWinsOverWhatWasSent() {
    String told = System.getProperty("instella.home");
    System.setProperty("spark.instella.home", "/sent");
    ShippedRecipe.takeFolders();
    assertThat(System.getProperty("instella.home")).isEqualTo(told);
    try {
      System.clearProperty("instella.home");
      System.setProperty("spark.instella.home", "/sent");
      ShippedRecipe.takeFolders();
      assertThat(System.getProperty("instella.home")).isEqualTo("/sent");
    } finally {
      System.setProperty("instella.home", told);
    }
  }
}
