package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  @BeforeEach
  void install() throws IOException {
    home = Files.createDirectories(folder.toRealPath().resolve("a home"));
    Path launcher = Files.createDirectories(home.resolve("bin")).resolve("instella");
    Files.copy(Path.of(System.getProperty("instella.home"), "bin", "instella"), launcher);
    Files.createFile(
        Files.createDirectories(home.resolve("app")).resolve("instella-spark-jobs-1.jar"));
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
  void withItsSparkAClusterGetsTheSameArguments() throws Exception {
    Path spark = spark("exit 0", "spark-yarn_2.13-4.1.1.jar");
    Map<String, String> environment =
        Map.of(
            "SPARK_HOME", spark.toString(),
            "INSTELLA_JAVA_OPTS", "-Xmx8g -Dx=y",
            "INSTELLA_SPARK_OPTS", "--jars hdfs:///cuda.jar --conf spark.a=b --queue q");
    assertThat(run(environment, "train", "--conf", "a b.conf", "--master", "yarn")).isZero();
    assertThat(submitted())
        .startsWith(
            "[--master][yarn][--class][org.instella.jobs.command.Instella][--name]"
                + "[instella-train][--driver-memory][8g][--conf][spark.a=b][--queue][q]"
                + "[--deploy-mode][client][--jars]["
                + home.resolve("app/other-1.jar")
                + ",hdfs:///cuda.jar]["
                + home.resolve("app/instella-spark-jobs-1.jar")
                + "][train][--conf][a b.conf][--master][yarn]")
        .contains("-Dx=y")
        .contains("\"-Dlog4j2.configurationFile=" + home + "/conf/log4j2.xml\"");
  }

  @Test
  void withoutItsModuleYarnIsRefused() throws Exception {
    assertThat(run(Map.of(), "train", "--master", "yarn")).isEqualTo(4);
    assertThat(output()).contains("set SPARK_HOME");
    Path spark = spark("exit 0", "spark-core.jar");
    Map<String, String> environment = Map.of("SPARK_HOME", spark.toString());
    assertThat(run(environment, "train", "--master", "yarn")).isEqualTo(4);
    assertThat(output()).contains("SPARK_HOME=" + spark + " has no jars/spark-yarn_*.jar");
  }

  @Test
  void aDriverOnTheClusterGetsTheResolvedRecipe() throws Exception {
    Path spark = spark("cat \"$shipped\"; exit 0", "spark-yarn_2.13-4.1.1.jar");
    Map<String, String> environment =
        Map.of(
            "SPARK_HOME",
            spark.toString(),
            "INSTELLA_SPARK_OPTS",
            "--files here.txt --deploy-mode cluster");
    assertThat(run(environment, "train", "--conf", "my.conf", "--master", "yarn")).isZero();
    assertThat(calls("[--print-conf]")).hasSize(1);
    assertThat(output()).contains("train.seed = 7");
    assertThat(submitted())
        .contains("[--conf][spark.instella.recipe=instella-recipe.conf]")
        .contains("[--files][here.txt,")
        .contains("[--deploy-mode][cluster]")
        .contains("[train][--conf][my.conf]");

    // One that the cluster can read itself is left to it, and who only asks needs no cluster.
    Files.delete(asked);
    assertThat(run(environment, "train", "--conf", "hdfs:///my.conf", "--master", "yarn")).isZero();
    assertThat(run(environment, "train", "--master", "yarn", "--help")).isZero();
    assertThat(submitted()).contains("[hdfs:///my.conf]").contains("[--deploy-mode][client]");
    assertThat(asked).doesNotExist();
  }

  @Test
  void whatADriverOnTheClusterEndedWithIsReadFromTheLog() throws Exception {
    Path spark =
        spark(
            """
            echo 'diagnostics: User class threw exception: a.B$Ended: exit code 3: instella: a shard is bad' >>"$log"
            echo 'report for application_17_0042 (state: FINISHED)' >>"$log"
            exit 1""",
            "spark-yarn_2.13-4.1.1.jar");
    Map<String, String> environment =
        Map.of("SPARK_HOME", spark.toString(), "INSTELLA_SPARK_OPTS", "--deploy-mode cluster");
    assertThat(run(environment, "merge", "--master", "yarn")).isEqualTo(3);
    assertThat(output())
        .contains(
            "instella: a shard is bad (all of it: yarn logs -applicationId application_17_0042)");
    spark("exit 1", "spark-yarn_2.13-4.1.1.jar");
    assertThat(run(environment, "merge", "--master", "yarn")).isEqualTo(4);
    assertThat(output()).contains("the application failed or was killed");
  }

  /** A Spark home whose spark-submit writes down what it is given and then does something. */
  private Path spark(String then, String jar) throws IOException {
    Path spark = folder.resolve("spark");
    Files.createDirectories(spark.resolve("bin"));
    Files.createDirectories(spark.resolve("jars"));
    Files.writeString(spark.resolve("jars").resolve(jar), "");
    Files.writeString(home.resolve("app/other-1.jar"), "");
    Path submit = spark.resolve("bin/spark-submit");
    Files.writeString(
        submit,
        """
        #!/bin/sh
        { for argument in "$@"; do printf '[%%s]' "$argument"; done; printf '\\n%%s \\n' "$SPARK_SUBMIT_OPTS"; } >>'%s'
        log=$(printf '%%s' "$SPARK_SUBMIT_OPTS" | sed 's/.*-Dinstella.log=\\([^"]*\\)".*/\\1/')
        for shipped in "$@"; do case $shipped in */instella-recipe.conf) shipped=${shipped##*,}; break ;; esac; done
        %s
        """
            .formatted(folder.resolve("submitted"), then));
    Files.setPosixFilePermissions(submit, PosixFilePermissions.fromString("rwxr-xr-x"));
    return spark;
  }

  private String submitted() throws IOException {
    return Files.readString(folder.resolve("submitted"));
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
        for argument in "$@"; do [ "$argument" != --print-conf ] || echo 'train.seed = 7'; done
        """
            .formatted(asked, says));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Variables of whoever runs the tests. */
  private static boolean isOfTheBuild(String name) {
    return name.matches("SPARK_.*|INSTELLA_(JAVA_OPTS|SPARK_OPTS|LOG_DIR|WARMING_UP)");
  }

  private List<String> calls(String with) throws IOException {
    return Files.readAllLines(asked).stream().filter(line -> line.contains(with)).toList();
  }

  private String output() throws IOException {
    return Files.readString(folder.resolve("output"));
  }

  private int launch(String... arguments) throws Exception {
    return run(Map.of(), arguments);
  }

  private int launchWithArchive(String... arguments) throws Exception {
    return run(Map.of("INSTELLA_CLASS_ARCHIVE", "on"), arguments);
  }

  private int run(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", home + "/bin/instella"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", java.getParent().getParent().toString());
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    builder.environment().put("INSTELLA_CLASS_ARCHIVE", "off");
    builder.environment().keySet().removeIf(LauncherTest::isOfTheBuild);
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("output").toFile());
    Process process = builder.start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }
}
