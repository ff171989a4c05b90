package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/instella} of an installation, with a Java that only writes down what it is asked. */
class LauncherTest {
  private static final String SAYS = "openjdk version \"17.0.15\" 2025-04-15\nOpenJDK of a test";

  @TempDir private Path folder;
  private Path home;
  private Path java;
  private Path asked;
  private String sparkOptions = "";
  private String sparkHome = "";
  private String javaOptions = "";

  @BeforeEach
  void install() throws IOException {
    home = Files.createDirectories(folder.toRealPath().resolve("a home"));
    Path launcher = Files.createDirectories(home.resolve("bin")).resolve("instella");
    Files.copy(Path.of(System.getProperty("instella.home"), "bin", "instella"), launcher);
    Files.createFile(
        Files.createDirectories(home.resolve("app")).resolve("instella-spark-jobs-1.jar"));
    Files.createFile(home.resolve("app/instella-conf-1.jar"));
    Files.createFile(Files.createDirectories(home.resolve("spark/jars")).resolve("spark-core.jar"));
    Files.createDirectories(home.resolve("conf"));
    asked = folder.resolve("asked");
    java = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
    writeJava(SAYS);
  }

  @Test
  void versionOfJavaIsAskedForOnceUntilItIsAnotherFile() throws Exception {
    assertThat(launch("--version")).isZero();
    assertThat(launch("--version")).isZero();
    assertThat(calls("[-version]")).hasSize(1);
    assertThat(calls("org.instella.jobs.command.Instella")).hasSize(2);

    Files.delete(java);
    writeJava(SAYS.replace("17.0.15", "21.0.1") + " and another");
    assertThat(launch("--version")).isZero();
    assertThat(calls("[-version]")).hasSize(2);
  }

  @Test
  void olderOrUnknownJavaIsRefusedEveryTime() throws Exception {
    for (String says : List.of("java version \"1.8.0_402\"", "openjdk version \"16\"", "what?")) {
      Files.delete(java);
      writeJava(says);
      assertThat(launch("--version")).isEqualTo(4);
      assertThat(launch("--version")).isEqualTo(4);
      assertThat(output()).contains("instella needs 17 or newer");
    }
  }

  @Test
  void noticeOfTheJvmBeforeItsVersionDoesNotMatter() throws Exception {
    writeJava("Picked up JAVA_TOOL_OPTIONS: -Dx=1\n" + SAYS);
    assertThat(launch("--version")).isZero();
  }

  @Test
  void whatIsOverInASecondStartsWithoutLog4jAndWhatWorksWithIt() throws Exception {
    for (List<String> quick :
        List.of(
            List.of("merge", "--models", "a,b"),
            List.of("inspect", "a"),
            List.of("train", "--help"),
            List.of("train", "--print-conf"),
            List.of("--version"),
            List.<String>of())) {
      Files.deleteIfExists(asked);
      assertThat(launch(quick.toArray(String[]::new))).isZero();
      assertThat(calls("org.instella.jobs.command.Instella"))
          .singleElement()
          .asString()
          .contains("-Dslf4j.provider=org.instella.jobs.logging.CommandLogProvider");
    }
    assertThat(Class.forName("org.instella.jobs.logging.CommandLogProvider")).isFinal();
    Files.deleteIfExists(asked);
    assertThat(launch("train", "--conf", "x")).isZero();
    assertThat(calls("org.instella.jobs.command.Instella"))
        .singleElement()
        .asString()
        .doesNotContain("slf4j.provider");
  }

  @Test
  void argumentsArriveAsTheyAre() throws Exception {
    assertThat(launch("merge", "--models", "a b,*", "--set", "merge.t = 0.3", "")).isZero();
    assertThat(calls("org.instella.jobs.command.Instella"))
        .singleElement()
        .asString()
        .endsWith("[merge][--models][a b,*][--set][merge.t = 0.3][]")
        .contains("[-XX:CompileCommand=CompileThresholdScaling,sun.security.provider.*::*,0.01]");
  }

  @Test
  void archiveIsTakenOnlyWithTheJavaItWasMadeOf() throws Exception {
    Path archive = Files.createDirectories(home.resolve("classes")).resolve("classes.jsa");
    Files.createFile(archive);
    Files.writeString(archive.resolveSibling("classes.key"), home + " " + SAYS);
    String option = "[-XX:SharedArchiveFile=" + archive + "]";
    assertThat(launchWithArchive("inspect", "a")).isZero();
    assertThat(calls(option)).hasSize(1);

    Files.writeString(archive.resolveSibling("classes.key"), home + " another Java");
    assertThat(launchWithArchive("inspect", "a")).isZero();
    assertThat(calls(option)).hasSize(1);
  }

  @Test
  void planIsMadeHereWhereverTheStageWillRun() throws Exception {
    assertThat(launch("plan", "--conf", "x", "--master", "k8s://https://host")).isZero();
    assertThat(calls("org.instella.jobs.command.Instella"))
        .singleElement()
        .asString()
        .endsWith("[plan][--conf][x][--master][k8s://https://host]")
        .doesNotContain("SparkSubmit");
  }

  @Test
  void driverHereServesOurJarsToPods() throws Exception {
    assertThat(launch("train", "--master", "k8s://https://host")).isZero();
    assertThat(calls("org.apache.spark.deploy.SparkSubmit"))
        .singleElement()
        .asString()
        .contains("[--master][k8s://https://host][--class][org.instella.jobs.command.Instella]")
        .contains("[--jars][%s/app/instella-conf-1.jar]".formatted(home))
        .endsWith(
            "[%s/app/instella-spark-jobs-1.jar][train][--master][k8s://https://host]"
                .formatted(home));
  }

  @Test
  void driverInAPodGetsTheRecipeAndFindsOurJarsInItsImage() throws Exception {
    Files.writeString(folder.resolve("ship"), "spark.instella.recipe=abc\nspark.a=b c\n");
    inCluster();
    assertThat(launch("train", "--conf", "a b.conf", "--master", "k8s://https://host")).isZero();
    assertThat(calls("[--ship]"))
        .singleElement()
        .asString()
        .endsWith("[train][--conf][a b.conf][--master][k8s://https://host][--ship]");
    assertThat(calls("org.apache.spark.deploy.SparkSubmit"))
        .singleElement()
        .asString()
        .contains("[--conf][spark.instella.recipe=abc]", "[--conf][spark.a=b c]")
        .contains("[--deploy-mode][cluster][local:///opt/instella/app/instella-spark-jobs-1.jar]")
        .contains("[--conf][spark.driver.extraClassPath=/opt/instella/app/*]")
        .contains("[--conf][spark.executor.extraClassPath=/opt/instella/app/*]")
        .endsWith("[train][--conf][a b.conf][--master][k8s://https://host]")
        .doesNotContain("[--jars]");
    assertThat(output()).contains("kubectl logs -f instella-train-");
  }

  @Test
  void refusedRecipeIsNotSubmitted() throws Exception {
    Files.writeString(folder.resolve("ship-code"), "2");
    inCluster();
    assertThat(launch("train", "--conf", "x", "--master=k8s://https://host")).isEqualTo(2);
    assertThat(calls("org.apache.spark.deploy.SparkSubmit")).isEmpty();
    assertThat(launch("inspect", "x", "--master=k8s://https://host")).isEqualTo(2);
    assertThat(output()).contains("inspect has nothing to do in a cluster");
  }

  @Test
  void exitCodeOfTheDriversPodIsThatOfTheCommand() throws Exception {
    inCluster();
    Map<Integer, Integer> codes = new TreeMap<>(Map.of(0, 0, 3, 3, 5, 5, 70, 70, 1, 4, 137, 4));
    for (var pod : codes.entrySet()) {
      Files.writeString(
          folder.resolve("statuses"),
          """
          LoggingPodStatusWatcherImpl: State changed: exit code: 99
          LoggingPodStatusWatcherImpl: Container final statuses:
          \t container name: a-sidecar
          \t exit code: 0
          \t container name: spark-kubernetes-driver
          \t exit code: %d
          \t container name: z-sidecar
          \t exit code: 7
          """
              .formatted(pod.getKey()));
      assertThat(launch("train", "--master", "k8s://https://host"))
          .as("exit code of pod %d", pod.getKey())
          .isEqualTo(pod.getValue());
      if (!pod.getKey().equals(pod.getValue())) {
        assertThat(output()).contains("ended with exit code " + pod.getKey());
      }
    }
    sparkHome = folder.toString(); // its spark-submit would keep the exit code to itself
    assertThat(launch("train", "--master", "k8s://https://host")).isEqualTo(4);
    assertThat(output()).contains("ended with exit code");
    Files.writeString(folder.resolve("submit-code"), "1");
    assertThat(launch("train", "--master", "k8s://https://host")).isEqualTo(4);
    assertThat(output()).contains("the driver could not be given to k8s://https://host");
  }

  @Test
  void withItsSparkYarnGetsTheSameArguments() throws Exception {
    spark("exit 0", "spark-yarn_2.13-4.1.1.jar");
    javaOptions = "-Xmx8g -Dx=y";
    sparkOptions = "--jars hdfs:///cuda.jar --conf spark.a=b --queue q";
    assertThat(launch("train", "--conf", "a b.conf", "--master", "yarn")).isZero();
    assertThat(submitted())
        .startsWith(
            "[--master][yarn][--class][org.instella.jobs.command.Instella][--name]"
                + "[instella-train][--driver-memory][8g][--jars]["
                + home.resolve("app/instella-conf-1.jar")
                + ",hdfs:///cuda.jar][--conf][spark.a=b][--queue][q]["
                + home.resolve("app/instella-spark-jobs-1.jar")
                + "][train][--conf][a b.conf][--master][yarn]\n")
        .contains("-Dx=y")
        .contains("\"-Dlog4j2.configurationFile=" + home + "/conf/log4j2.xml\"");
  }

  @Test
  void withoutItsModuleYarnIsRefused() throws Exception {
    assertThat(launch("train", "--master", "yarn")).isEqualTo(4);
    assertThat(output()).contains("set SPARK_HOME");
    spark("exit 0", "spark-core.jar");
    assertThat(launch("train", "--master", "yarn")).isEqualTo(4);
    assertThat(output()).contains("SPARK_HOME=" + sparkHome + " has no jars/spark-yarn_*.jar");
  }

  @Test
  void driverInAnApplicationMasterGetsTheRecipeAndOurJars() throws Exception {
    Files.writeString(folder.resolve("ship"), "spark.instella.recipe=abc\n");
    spark("exit 0", "spark-yarn_2.13-4.1.1.jar");
    javaOptions = "-Xmx8g -Dx=y";
    inCluster();
    assertThat(launch("train", "--conf", "x", "--master", "yarn")).isZero();
    assertThat(submitted())
        .contains("[--conf][spark.instella.recipe=abc]")
        .contains("[--conf][spark.executor.maxNumFailures=1000]")
        .contains("[--driver-java-options][-Dx=y]")
        .contains("[--jars][" + home.resolve("app/instella-conf-1.jar") + "]")
        .doesNotContain("/opt/instella");
  }

  @Test
  void whatADriverInAnApplicationMasterEndedWithIsReadFromTheLog() throws Exception {
    inCluster();
    String diagnostics =
        """
        echo 'report for application_17_0042 (state: FINISHED)' >>"$log"
        echo 'diagnostics: User class threw exception: a.B$Ended: exit code 3: instella: a bad shard' >>"$log"
        exit 1""";
    spark(diagnostics, "spark-yarn_2.13-4.1.1.jar");
    assertThat(launch("merge", "--master", "yarn")).isEqualTo(3);
    assertThat(output())
        .contains(
            "instella: a bad shard (all of it: yarn logs -applicationId application_17_0042)");
    spark("echo application_17_0043 >>\"$log\"; exit 1", "spark-yarn_2.13-4.1.1.jar");
    assertThat(launch("merge", "--master", "yarn")).isEqualTo(4);
    assertThat(output()).contains("application_17_0043 failed or was killed");
  }

  /** A Spark home whose spark-submit writes down what it is given and then does something. */
  private void spark(String then, String jar) throws IOException {
    Path spark = folder.resolve("spark");
    Files.createDirectories(spark.resolve("bin"));
    Files.createDirectories(spark.resolve("jars"));
    Files.writeString(spark.resolve("jars").resolve(jar), "");
    Path submit = spark.resolve("bin/spark-submit");
    Files.writeString(
        submit,
        """
        #!/bin/sh
        { for argument in "$@"; do printf '[%%s]' "$argument"; done; printf '\\n%%s\\n' "$SPARK_SUBMIT_OPTS"; } >>'%s'
        log=$(printf '%%s' "$SPARK_SUBMIT_OPTS" | sed 's/.*-Dinstella.log=\\([^"]*\\)".*/\\1/')
        %s
        """
            .formatted(folder.resolve("submitted"), then));
    Files.setPosixFilePermissions(submit, PosixFilePermissions.fromString("rwxr-xr-x"));
    sparkHome = spark.toString();
  }

  private String submitted() throws IOException {
    return Files.readString(folder.resolve("submitted"));
  }

  private void inCluster() {
    sparkOptions = "--deploy-mode cluster";
  }

  private void writeJava(String says) throws IOException {
    // One line per call, each argument in brackets.
    Files.writeString(
        java,
        """
        #!/bin/sh
        { for argument in "$@"; do printf '[%%s]' "$argument"; done; printf '\\n'; } >>'%s'
        if [ "$1" = -version ]; then cat >&2 <<'END'
        %s
        END
        fi
        cd '%s'
        case "$*" in
          *--ship) [ ! -f ship ] || cat ship; exit "$(cat ship-code 2>/dev/null || echo 0)" ;;
          *SparkSubmit*)
            for argument in "$@"; do
              case $argument in
                -Dinstella.log=*) [ ! -f statuses ] || cat statuses >>"${argument#*=}" ;;
              esac
            done
            exit "$(cat submit-code 2>/dev/null || echo 0)" ;;
        esac
        """
            .formatted(asked, says, folder));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private List<String> calls(String with) throws IOException {
    return Files.readAllLines(asked).stream().filter(line -> line.contains(with)).toList();
  }

  private String output() throws IOException {
    return Files.readString(folder.resolve("output"));
  }

  private int launch(String... arguments) throws Exception {
    return run("off", arguments);
  }

  private int launchWithArchive(String... arguments) throws Exception {
    return run("on", arguments);
  }

  private int run(String archive, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", home + "/bin/instella"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", java.getParent().getParent().toString());
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    builder.environment().put("INSTELLA_CLASS_ARCHIVE", archive);
    builder.environment().put("INSTELLA_SPARK_OPTS", sparkOptions);
    for (String name : List.of("INSTELLA_LOG_DIR", "INSTELLA_WARMING_UP", "INSTELLA_IMAGE_HOME")) {
      builder.environment().remove(name);
    }
    builder.environment().put("INSTELLA_JAVA_OPTS", javaOptions);
    builder.environment().put("SPARK_HOME", sparkHome);
    builder.environment().remove("SPARK_SUBMIT_OPTS");
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("output").toFile());
    Process process = builder.start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }
}
