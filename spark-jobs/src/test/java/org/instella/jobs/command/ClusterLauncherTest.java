package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bin/instella --master yarn | k8s://… | spark://…} makes of its arguments. */
class ClusterLauncherTest {
  private static final String YARN = "spark-yarn_2.13-4.1.1.jar";
  private static final String PODS = "k8s://https://host";
  private static final String SUBMIT = "org.apache.spark.deploy.SparkSubmit";

  @TempDir private Path folder;
  private InstalledLauncher launcher;

  @BeforeEach
  void install() throws IOException {
    launcher = InstalledLauncher.in(folder);
  }

  private void inCluster() {
    launcher.set("INSTELLA_SPARK_OPTS", "--deploy-mode cluster");
  }

  @Test
  void withItsSparkAClusterGetsTheSameArguments() throws Exception {
    launcher.spark(YARN);
    launcher.set("INSTELLA_JAVA_OPTS", "-Xmx8g -Dx=y");
    launcher.set("INSTELLA_SPARK_OPTS", "--jars hdfs:///cuda.jar --conf spark.a=b --queue q");
    assertThat(launcher.launch("train", "--conf", "a b.conf", "--master", "yarn")).isZero();
    assertThat(launcher.submitted())
        .startsWith(
            "[--master][yarn][--class][org.instella.jobs.command.Instella][--name]"
                + "[instella-train][--driver-memory][8g][--conf][spark.a=b][--queue][q]"
                + "[--deploy-mode][client][--jars]["
                + launcher.home().resolve("app/instella-conf-1.jar")
                + ",hdfs:///cuda.jar]["
                + launcher.home().resolve("app/instella-spark-jobs-1.jar")
                + "][train][--conf][a b.conf][--master][yarn]")
        .contains("-Dx=y")
        .contains("\"-Dlog4j2.configurationFile=" + launcher.home() + "/conf/log4j2.xml\"");
  }

  @Test
  void withoutItsModuleYarnIsRefused() throws Exception {
    assertThat(launcher.launch("train", "--master", "yarn")).isEqualTo(4);
    assertThat(launcher.output()).contains("set SPARK_HOME");
    Path spark = launcher.spark("spark-core.jar");
    assertThat(launcher.launch("train", "--master", "yarn")).isEqualTo(4);
    assertThat(launcher.output()).contains("SPARK_HOME=" + spark + " has no jars/spark-yarn_*.jar");
  }

  @Test
  void aDriverInTheClusterGetsTheRecipe() throws Exception {
    launcher.spark(YARN);
    launcher.shipped(0, "spark.instella.recipe=abc\nspark.a=b c\n");
    launcher.set("INSTELLA_JAVA_OPTS", "-Xmx8g -Dx=y");
    launcher.set("INSTELLA_SPARK_OPTS", "--files here.txt --deploy-mode cluster");
    assertThat(launcher.launch("train", "--conf", "my conf", "--master", "yarn")).isZero();
    assertThat(launcher.calls("[--ship]"))
        .singleElement()
        .asString()
        .endsWith("[train][--conf][my conf][--master][yarn][--ship]");
    assertThat(launcher.submitted())
        .contains("[--conf][spark.instella.recipe=abc]", "[--conf][spark.a=b c]")
        .contains("[--files][here.txt]", "[--deploy-mode][cluster]", "[--driver-memory][8g]")
        .contains("[--driver-java-options][-Dx=y]")
        .contains("[train][--conf][my conf]");

    launcher.forgetCalls();
    assertThat(launcher.launch("train", "--master", "yarn", "--help")).isZero();
    assertThat(launcher.submitted()).contains("[--deploy-mode][client]");
    assertThat(launcher.calls("")).as("who only asks needs no cluster").isEmpty();
  }

  @Test
  void refusedRecipeIsNotSubmitted() throws Exception {
    launcher.shipped(2, "");
    inCluster();
    assertThat(launcher.launch("train", "--conf", "x", "--master=" + PODS)).isEqualTo(2);
    assertThat(launcher.calls(SUBMIT)).isEmpty();
    assertThat(launcher.launch("inspect", "x", "--master=" + PODS)).isEqualTo(2);
    assertThat(launcher.output()).contains("inspect has nothing to do in a cluster");
  }

  @Test
  void whatADriverOfYarnEndedWithIsReadFromTheLog() throws Exception {
    inCluster();
    launcher.spark(YARN);
    launcher.submits(
        1,
        """
        diagnostics: User class threw exception: a.B$Ended: exit code 3: instella: a shard is bad
        report for application_17_0042 (state: FINISHED)
        """);
    assertThat(launcher.launch("merge", "--master", "yarn")).isEqualTo(3);
    assertThat(launcher.output())
        .contains(
            "instella: a shard is bad (all of it: yarn logs -applicationId application_17_0042)");
    launcher.submits(1, "report for application_17_0043 (state: KILLED)\n");
    assertThat(launcher.launch("merge", "--master", "yarn")).isEqualTo(4);
    assertThat(launcher.output()).contains("application_17_0043 failed or was killed");
    launcher.submits(1, ""); // refused before there was an application
    assertThat(launcher.launch("merge", "--master", "yarn")).isEqualTo(4);
    assertThat(launcher.output()).isEmpty();
  }

  @Test
  void planIsMadeHereWhereverTheStageWillRun() throws Exception {
    assertThat(launcher.launch("plan", "--conf", "x", "--master", PODS)).isZero();
    assertThat(launcher.calls("org.instella.jobs.command.Instella"))
        .singleElement()
        .asString()
        .endsWith("[plan][--conf][x][--master][k8s://https://host]")
        .doesNotContain("SparkSubmit");
  }

  @Test
  void driverHereServesOurJarsToPods() throws Exception {
    assertThat(launcher.launch("train", "--master", PODS)).isZero();
    assertThat(launcher.calls(SUBMIT))
        .singleElement()
        .asString()
        .contains("[--master][k8s://https://host][--class][org.instella.jobs.command.Instella]")
        .contains("[--jars][%s/app/instella-conf-1.jar]".formatted(launcher.home()))
        .endsWith(
            "[%s/app/instella-spark-jobs-1.jar][train][--master][k8s://https://host]"
                .formatted(launcher.home()));
  }

  @Test
  void driverInAPodFindsOurJarsInItsImage() throws Exception {
    launcher.shipped(0, "spark.instella.recipe=abc\n");
    launcher.set("INSTELLA_SPARK_OPTS", "--deploy-mode cluster --jars local:///opt/more.jar");
    assertThat(launcher.launch("train", "--conf", "a b.conf", "--master", PODS)).isZero();
    assertThat(launcher.calls(SUBMIT))
        .singleElement()
        .asString()
        .contains("[--conf][spark.instella.recipe=abc]")
        .contains(
            "[--deploy-mode][cluster][--jars][local:///opt/more.jar]"
                + "[local:///opt/instella/app/instella-spark-jobs-1.jar]")
        .contains("[--conf][spark.driver.extraClassPath=/opt/instella/app/*]")
        .contains("[--conf][spark.executor.extraClassPath=/opt/instella/app/*]")
        .endsWith("[train][--conf][a b.conf][--master][k8s://https://host]")
        .doesNotContain("instella-conf-1.jar,");
    assertThat(launcher.output()).contains("kubectl logs -f instella-train-");
  }

  @Test
  void exitCodeOfTheDriversPodIsThatOfTheCommand() throws Exception {
    inCluster();
    launcher.spark("spark-core.jar"); // a pod is submitted by our Spark all the same
    for (var pod : Map.of(0, 0, 3, 3, 5, 5, 70, 70, 1, 4, 137, 4).entrySet()) {
      launcher.submits(
          0,
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
      assertThat(launcher.launch("train", "--master", PODS))
          .as("exit code of pod %d", pod.getKey())
          .isEqualTo(pod.getValue());
      if (!pod.getKey().equals(pod.getValue())) {
        assertThat(launcher.output()).contains("ended with exit code " + pod.getKey());
      }
    }
    launcher.submits(1, "");
    assertThat(launcher.launch("train", "--master", PODS)).isEqualTo(4);
    assertThat(launcher.output()).contains("the driver could not be given to k8s://https://host");
    assertThat(launcher.submitted()).isEmpty();
  }
}
