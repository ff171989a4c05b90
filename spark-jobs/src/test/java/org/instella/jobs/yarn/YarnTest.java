package org.instella.jobs.yarn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.awaitility.Awaitility;
import org.instella.conf.manifest.Digests;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.command.CommandProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands as a user gives them to a real YARN, with all inputs and outputs in HDFS: {@code mvn -B
 * verify -Pyarn -pl spark-jobs -am -Dspark.home=FOLDER}. The folder is a Spark of our version with
 * its YARN module, which Maven Central does not have for it.
 */
@Tag("yarn")
class YarnTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long MINUTES_OF_A_RUN = 6;
  private static final String CLUSTER_MODE =
      "--deploy-mode cluster --conf spark.yarn.maxAppAttempts=2 --driver-memory 1g";

  /** Two ranks, which are barrier tasks in containers of their own. */
  private static final String RECIPE =
      """
      train {
        ranks = 2
        seed = 5796
        sequence-length = 128
        global-batch = 8
        micro-batch = 1
        duration = 200 steps
        model {
          layers = 2, hidden-size = 64, heads = 2, feed-forward-size = 96
          vocabulary-size = 400, max-positions = 128
        }
        data.sources = [{ path = "hdfs:///pipeline/tokens/%s" }]
        optimizer { learning-rate = 1e-2, clip-norm = 1.0 }
        checkpoint { every = 20 steps, keep = 2 }
        group.silence-timeout = 5s
      }
      """;

  @TempDir static Path folder;
  private static HadoopDaemons daemons;
  private static Path sparkHome;
  private static String quietWeights;

  @BeforeAll
  static void startClusterAndMakeTokens() throws Exception {
    sparkHome = sparkHome();
    daemons = HadoopDaemons.start(folder.resolve("hadoop"));
    storeSparkJars(Location.of(daemons.fileSystem() + "/spark/jars.zip"));
    Files.writeString(folder.resolve("train.conf"), RECIPE.formatted("arithmetic"));

    Path warmUp = home().resolve("deploy/conf/warm-up.conf");
    run(0, embedded("quiet", "pipeline", "--conf", warmUp, "--output", folder.resolve("pipeline")));
    run(0, yarn("pipeline", "", "pipeline", "--conf", warmUp, "--output", "hdfs:///pipeline"));
    run(0, embedded("quiet", train("hdfs:///quiet")));
    quietWeights = weights("quiet");
  }

  @AfterAll
  static void stopCluster() {
    if (daemons != null) {
      daemons.close();
    }
  }

  @Test
  void everyStepOfAPipelineMakesTheSameBytesOnYarn() {
    for (String made :
        List.of(
            "tokenizer/tokenizer.json",
            "tokens/arithmetic/part-00000.arrow",
            "stage/model/model.safetensors",
            "seed/model/model.safetensors",
            "merged/model.safetensors")) {
      assertThat(Digests.sha256(Storage.standard(), hdfs("pipeline").resolve(made)))
          .as(made)
          .isEqualTo(
              Digests.sha256(
                  Storage.standard(), Location.of(folder).resolve("pipeline").resolve(made)));
    }
    for (String report : List.of("scores/report.html", "stage/report.html")) {
      assertThat(Storage.standard().readText(hdfs("pipeline").resolve(report))).contains("</html>");
    }
  }

  @Test
  void aKilledExecutorCostsNotABit() throws Exception {
    CommandProcess driver = yarn("executor", "", train("hdfs:///executor"));
    awaitCheckpoint("executor", driver);
    container("CoarseGrainedExecutorBackend").orElseThrow().destroyForcibly();
    run(0, driver);
    assertThat(driver.text()).contains("lost a rank and starts again");
    assertThat(weights("executor")).isEqualTo(quietWeights);
  }

  @Test
  void aDriverThatIsAskedToStopSavesAndTheSameCommandGoesOn() throws Exception {
    CommandProcess driver = yarn("stop", "", train("hdfs:///stop"));
    awaitCheckpoint("stop", driver);
    driver.terminate();
    run(5, driver);
    run(0, yarn("stop", "", train("hdfs:///stop")));
    assertThat(weights("stop")).isEqualTo(quietWeights);
  }

  @Test
  void anotherApplicationMasterGoesOnWhereAKilledOneEnded() throws Exception {
    CommandProcess client = yarn("master", CLUSTER_MODE, train("hdfs:///master"));
    awaitCheckpoint("master", client);
    container("deploy.yarn.ApplicationMaster").orElseThrow().destroyForcibly();
    run(0, client);
    assertThat(attempts(client)).isEqualTo(2);
    assertThat(weights("master")).isEqualTo(quietWeights);
  }

  @Test
  void onTheClusterADriverStopsOnceAndForAll() throws Exception {
    CommandProcess client = yarn("halt", CLUSTER_MODE, train("hdfs:///halt"));
    awaitCheckpoint("halt", client);
    String staging =
        "user/%s/.sparkStaging/%s/".formatted(System.getProperty("user.name"), id(client));
    Storage.standard().writeText(hdfs(staging + "instella-stop"), "");
    run(5, client);
    assertThat(container("deploy.yarn.ApplicationMaster")).isEmpty();
    assertThat(Storage.standard().exists(hdfs("halt").resolve("model"))).isFalse();
    run(0, yarn("halt", CLUSTER_MODE, train("hdfs:///halt")));
    assertThat(weights("halt")).isEqualTo(quietWeights);
  }

  @Test
  void exitCodesComeBackFromTheCluster() throws Exception {
    Path wrong = Files.writeString(folder.resolve("wrong.conf"), "train.rank = 2");
    CommandProcess client =
        yarn("wrong", CLUSTER_MODE, "train", "--conf", wrong, "--output", "hdfs:///wrong");
    run(2, client);
    assertThat(client.text()).contains("unknown key").doesNotContain("application_");

    Path missing = Files.writeString(folder.resolve("missing.conf"), RECIPE.formatted("nowhere"));
    client = yarn("miss", CLUSTER_MODE, "train", "--conf", missing, "--output", "hdfs:///miss");
    run(3, client);
    assertThat(client.text()).contains("instella: ").contains("nowhere");
  }

  @Test
  void oneCommandOnYarnAfterAnotherReadsWhatWasMade() throws Exception {
    String models = "hdfs:///pipeline/stage/model,hdfs:///pipeline/seed/model";
    run(0, yarn("merge", "", "merge", "--models", models, "--output", "hdfs:///merged"));
    assertThat(Digests.sha256(Storage.standard(), hdfs("merged/model.safetensors")))
        .isEqualTo(Digests.sha256(Storage.standard(), hdfs("pipeline/merged/model.safetensors")));
    CommandProcess inspect = embedded("inspect", "inspect", "hdfs:///pipeline/stage");
    run(0, inspect);
    assertThat(inspect.text()).contains("finished").contains("step         2 of 2");
  }

  // --- commands ---------------------------------------------------------------------------------

  private static Object[] train(String output) {
    return new Object[] {"train", "--conf", folder.resolve("train.conf"), "--output", output};
  }

  private static CommandProcess embedded(String log, Object... arguments) throws IOException {
    return CommandProcess.launch(
        folder.resolve(log + ".log"),
        texts(arguments),
        java.util.Map.of("HADOOP_CONF_DIR", daemons.conf().toString()));
  }

  private static CommandProcess yarn(String log, String options, Object... arguments)
      throws IOException {
    List<String> words = texts(arguments);
    words.addAll(List.of("--master", "yarn"));
    for (String setting : List.of("instances=2", "cores=1", "memory=1g", "memoryOverhead=1g")) {
      words.addAll(List.of("--set", "spark.executor." + setting));
    }
    StringBuilder submit = new StringBuilder(options);
    submit.append(" --conf spark.yarn.archive=hdfs:///spark/jars.zip");
    for (String where : List.of("yarn.appMasterEnv", "executorEnv")) { // this machine alone
      submit.append(" --conf spark.%s.SPARK_LOCAL_IP=127.0.0.1".formatted(where));
      submit.append(" --conf spark.%s.SPARK_LOCAL_HOSTNAME=localhost".formatted(where));
    }
    return CommandProcess.launch(
        folder.resolve(log + ".log"),
        words,
        java.util.Map.of(
            "SPARK_HOME", sparkHome.toString(),
            "HADOOP_CONF_DIR", daemons.conf().toString(),
            "INSTELLA_LOG_DIR", folder.resolve("full-logs").toString(),
            "INSTELLA_SPARK_OPTS", submit.toString()));
  }

  private static List<String> texts(Object... words) {
    return new ArrayList<>(Stream.of(words).map(Object::toString).toList());
  }

  private static void run(int expected, CommandProcess command) throws Exception {
    assertThat(command.await(MINUTES_OF_A_RUN * 60))
        .as("exit code; it printed: %s", command.text())
        .isEqualTo(expected);
  }

  private static void awaitCheckpoint(String run, CommandProcess command) {
    Location checkpoint = hdfs(run).resolve("step-0000040/manifest.json");
    Awaitility.await("a checkpoint of " + run)
        .atMost(Duration.ofMinutes(MINUTES_OF_A_RUN))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> Storage.standard().exists(checkpoint) || !command.isAlive());
    assertThat(command.isAlive()).as("still running at step 40").isTrue();
  }

  // --- what is there ----------------------------------------------------------------------------

  private static Location hdfs(String path) {
    return Location.of(daemons.fileSystem() + "/" + path);
  }

  private static String weights(String run) {
    return Digests.sha256(Storage.standard(), hdfs(run).resolve("model/model.safetensors"));
  }

  /** The JVM of a container, not the shell around it. */
  private static Optional<ProcessHandle> container(String main) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().command().orElse("").endsWith("/java"))
        .filter(process -> commandLine(process).contains(main))
        .filter(process -> commandLine(process).contains(folder.toString()))
        .findFirst();
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/%d/cmdline".formatted(process.pid())));
    } catch (IOException gone) {
      return "";
    }
  }

  private static String id(CommandProcess client) throws IOException {
    return client.text().replaceFirst("(?s).*(application_\\d+_\\d+).*", "$1");
  }

  private static int attempts(CommandProcess client) throws Exception {
    JsonNode json = JSON.readTree(daemons.cluster("apps/" + id(client) + "/appattempts"));
    return json.findValues("appAttemptId").size();
  }

  private static Path home() {
    return Path.of(System.getProperty("instella.home"));
  }

  private static Path sparkHome() throws IOException {
    Path home = Path.of(System.getProperty("spark.home", ""));
    Path jars = home.resolve("jars");
    boolean complete = false;
    if (home.isAbsolute() && Files.isExecutable(home.resolve("bin/spark-submit"))) {
      try (Stream<Path> all = Files.list(jars)) {
        complete = all.anyMatch(jar -> jar.getFileName().toString().startsWith("spark-yarn_"));
      }
    }
    if (!complete) {
      throw new IllegalStateException(
          "-Dspark.home=%s must be the absolute path of a Spark with bin/spark-submit and its YARN module (jars/spark-yarn_*.jar)"
              .formatted(home));
    }
    return home;
  }

  /** Once for all applications, uncompressed, as the docs advise. */
  private static void storeSparkJars(Location archive) throws IOException {
    try (OutputStream out = Storage.standard().create(archive);
        ZipOutputStream zip = new ZipOutputStream(out);
        Stream<Path> jars = Files.list(sparkHome.resolve("jars"))) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Path jar : jars.filter(file -> file.toString().endsWith(".jar")).toList()) {
        byte[] bytes = Files.readAllBytes(jar);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        ZipEntry entry = new ZipEntry(jar.getFileName().toString());
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
      }
    }
  }
}
