package org.instella.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Spark is told before it starts. */
class ClusterConfTest {
  private static final String OPTIONS = "spark.executor.extraJavaOptions";
  private static final String ARCHIVE = "instella.class-archive";

  @AfterEach
  void forget() {
    System.clearProperty(ARCHIVE);
  }

  private static SparkConf conf(Map<String, String> recipe) {
    return Cluster.conf("test", new ClusterConfig(Optional.empty(), new TreeMap<>(recipe)), 2);
  }

  @Test
  void executorOptionsOfTheRecipeComeAfterOursAndReplaceNoneOfThem() {
    List<String> options =
        List.of(conf(Map.of(OPTIONS, "-Xss4m -Dai.djl.offline=false")).get(OPTIONS).split(" "));
    assertThat(options)
        .contains("-XX:+UseSerialGC", "-XX:-UseFPUForSpilling")
        .anyMatch(o -> o.contains("working-folder"));
    assertThat(options).endsWith("-Xss4m", "-Dai.djl.offline=false");
  }

  @Test
  void aCollectorOfTheRecipeIsTheOnlyOne() {
    String options = conf(Map.of(OPTIONS, "-XX:+UseG1GC")).get(OPTIONS);
    assertThat(options).contains("-XX:+UseG1GC").doesNotContain("UseSerialGC");
  }

  @Test
  void pluginsOfTheRecipeRunBesideOurs() {
    assertThat(conf(Map.of("spark.plugins", "com.example.Theirs")).get("spark.plugins"))
        .isEqualTo("com.example.Theirs,org.instella.jobs.progress.ProgressPlugin");
  }

  @Test
  void theCommandLineNamesTheMaster() {
    ClusterConfig config =
        new ClusterConfig(
            Optional.of("local[3]"), new TreeMap<>(Map.of("spark.master", "local[2]")));
    assertThat(Cluster.conf("test", config, 1).get("spark.master")).isEqualTo("local[3]");
    assertThat(conf(Map.of("spark.master", "local[2]")).get("spark.master")).isEqualTo("local[2]");
    assertThat(conf(Map.of()).get("spark.master")).isEqualTo("local-cluster[2,1,2048]");
  }

  @Test
  void aLongRunMayLoseManyExecutors() {
    Map<String, String> pods =
        Map.of("spark.master", "k8s://https://host", "spark.executor.instances", "128");
    assertThat(conf(pods).get("spark.executor.maxNumFailures")).isEqualTo("1280");
    assertThat(conf(pods).get("spark.executor.failuresValidityInterval")).isEqualTo("1h");
    assertThat(conf(Map.of()).get("spark.executor.maxNumFailures")).isEqualTo("100");
    assertThat(
            conf(Map.of("spark.executor.maxNumFailures", "7")).get("spark.executor.maxNumFailures"))
        .isEqualTo("7");
  }

  @Test
  void executorsGetTheClassPathAndTheArchiveOfTheLauncherInThisOrder() {
    System.setProperty(ARCHIVE, "/a folder/classes.jsa");
    SparkConf conf = conf(Map.of());
    try (EmbeddedSparkHome home = EmbeddedSparkHome.create()) {
      home.shareClasses(conf);
    }
    assertThat(conf.get("spark.executor.extraClassPath"))
        .isEqualTo(System.getProperty("java.class.path"));
    assertThat(conf.get(OPTIONS)).contains("\"-XX:SharedArchiveFile=/a folder/classes.jsa\"");
  }

  @Test
  void withoutAnArchiveExecutorsAreLeftAsTheyAre() {
    SparkConf conf = conf(Map.of());
    try (EmbeddedSparkHome home = EmbeddedSparkHome.create()) {
      home.shareClasses(conf);
    }
    assertThat(conf.contains("spark.executor.extraClassPath")).isFalse();
    assertThat(conf.get(OPTIONS)).doesNotContain("SharedArchiveFile");
  }
}
