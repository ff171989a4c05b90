package org.instella.jobs.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.instella.conf.manifest.Digests;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.TokenFolder;
import org.instella.jobs.command.CommandProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training on pods, by the commands that a user gives: {@code bin/instella} and Spark's own code
 * for Kubernetes are real, and so are the processes; the API server is a mock and the node is ours.
 *
 * <p>{@code mvn -B verify -Pkubernetes -pl spark-jobs -am}
 */
@Tag("kubernetes")
class KubernetesTest {
  private static final int STEPS = 240;
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
          layers = 2, hidden-size = 64, heads = 2, feed-forward-size = 96
          vocabulary-size = 400, max-positions = 64
        }
        data.sources = [{ path = "%s" }]
        optimizer { learning-rate = 1e-2, clip-norm = 1.0 }
        checkpoint { every = 20 steps, keep = 2 }
      }
      spark {
        kubernetes.container.image = "example.org/instella:test"
        executor { instances = 2, cores = 1, memory = 1g }
        ui.enabled = false
      }
      """;

  private static final String HERE = "--conf spark.driver.host=127.0.0.1";

  @TempDir static Path folder;
  private static Path recipe;
  private static String quiet;
  private static ApiServer server;
  private static Kubelet node;

  @BeforeAll
  static void start() throws Exception {
    TokenFolder.make(folder);
    recipe =
        Files.writeString(
            folder.resolve("train.conf"),
            RECIPE.formatted(STEPS, folder.resolve("tokens/stories")));
    CommandProcess embedded = launch("quiet", Map.of(), train("quiet"));
    assertThat(embedded.await(120)).as(embedded.tail()).isZero();
    quiet = weights("quiet");
    server = new ApiServer();
    node =
        new Kubelet(
            server.client(), ContainerImage.make(folder.resolve("image")), folder.resolve("pods"));
  }

  @AfterAll
  static void end() {
    node.close();
    server.close();
  }

  private static List<String> train(String output, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                "--conf",
                recipe.toString(),
                "--output",
                folder.resolve(output).toString()));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private static CommandProcess launch(
      String name, Map<String, String> environment, List<String> arguments) throws IOException {
    Map<String, String> all = new HashMap<>(environment);
    all.put("SPARK_HOME", ""); // Surefire's is for embedded executors
    return CommandProcess.launch(folder.resolve(name + ".log"), arguments, all);
  }

  /** A driver of this machine, executors as pods. */
  private static CommandProcess client(String output) throws IOException {
    return launch(
        output, Map.of("INSTELLA_SPARK_OPTS", HERE), train(output, "--master", server.master()));
  }

  /** A driver in a pod of its own. */
  private static CommandProcess cluster(String output, String... more) throws IOException {
    List<String> arguments = train(output, "--master", server.master());
    arguments.addAll(List.of(more));
    return launch(
        output,
        Map.of(
            "INSTELLA_SPARK_OPTS",
            "--deploy-mode cluster --conf spark.kubernetes.driver.master="
                + server.master().substring("k8s://".length()),
            "INSTELLA_IMAGE_HOME",
            folder.resolve("image").toString()),
        arguments);
  }

  private static String weights(String output) {
    return Digests.sha256(
        Storage.standard(), Location.of(folder.resolve(output).resolve("model/model.safetensors")));
  }

  private static void awaitStep(String output, CommandProcess command, long step)
      throws IOException {
    Awaitility.await()
        .atMost(90, TimeUnit.SECONDS)
        .until(() -> !command.isAlive() || steps(output) >= step);
    assertThat(steps(output)).isGreaterThanOrEqualTo(step);
  }

  private static long steps(String output) throws IOException {
    Path metrics = folder.resolve(output).resolve("metrics.jsonl");
    if (!Files.exists(metrics)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(metrics)) {
      return lines.count();
    }
  }

  @Test
  void killedExecutorPodIsReplacedAndCostsNotABit() throws Exception {
    CommandProcess driver = client("injured");
    awaitStep("injured", driver, 70);
    PodProcess victim = node.running("executor").get(0);
    int before = node.pods().size();
    final long step = steps("injured");
    final long killed = System.nanoTime();
    victim.process().destroyForcibly();
    awaitStep("injured", driver, step + 2); // the survivor may still have written one
    System.out.printf("killed pod: %.1f s to a new step%n", (System.nanoTime() - killed) / 1e9);
    assertThat(driver.await(120)).as(driver.tail()).isZero();
    assertThat(node.pods()).as("one pod in its place").hasSize(before + 1);
    assertThat(victim.process().exitValue()).isEqualTo(137);
    assertThat(weights("injured")).isEqualTo(quiet);
  }

  @Test
  void stoppedDriverSavesItsStateAndTheSameCommandGoesOn() throws Exception {
    CommandProcess driver = client("stopped");
    awaitStep("stopped", driver, 60);
    driver.terminate();
    assertThat(driver.await(60)).as(driver.tail()).isEqualTo(5);
    driver = client("stopped");
    assertThat(driver.await(120)).as(driver.tail()).isZero();
    assertThat(weights("stopped")).isEqualTo(quiet);
  }

  @Test
  void driverInAPodGetsTheRecipeAndItsExitCodeComesBack() throws Exception {
    String[] templates = {
      "--set",
      "spark.kubernetes.driver.podTemplateFile=" + DeployFiles.FOLDER.resolve("driver-pod.yaml"),
      "--set",
      "spark.kubernetes.executor.podTemplateFile=" + DeployFiles.FOLDER.resolve("executor-pod.yaml")
    };
    CommandProcess submit = cluster("in-cluster", templates);
    awaitStep("in-cluster", submit, 60);
    PodProcess driver = node.running("driver").get(0);
    assertThat(driver.created().getSpec().getTerminationGracePeriodSeconds()).isEqualTo(900);
    assertThat(node.running("executor"))
        .hasSize(2)
        .allSatisfy(
            pod ->
                assertThat(pod.created().getSpec().getVolumes())
                    .containsAll(DeployFiles.executorTemplate().getSpec().getVolumes()));
    driver.process().destroy(); // SIGTERM, as a kubelet begins to delete a pod
    assertThat(submit.await(60)).as(submit.tail()).isEqualTo(5);
    assertThat(driver.printed()).contains("and the same command goes on from there");

    submit = cluster("in-cluster");
    assertThat(submit.await(120)).as(submit.tail()).isZero();
    assertThat(weights("in-cluster")).isEqualTo(quiet);

    for (ApiServer.Access access : server.asked()) {
      assertThat(DeployFiles.allowed(access)).as("rbac.yaml allows %s", access).isTrue();
    }
    assertThat(server.asked()).contains(new ApiServer.Access("create", "pods"));
  }

  @Test
  void theWholeProgrammeRunsOnPods() throws Exception {
    List<String> demo =
        List.of(
            "demo",
            "--size",
            "small",
            "--output",
            folder.resolve("demo").toString(),
            "--master",
            server.master(),
            "--set",
            "spark.kubernetes.container.image=example.org/instella:test",
            "--set",
            "spark.executor.instances=2");
    CommandProcess driver = launch("demo", Map.of("INSTELLA_SPARK_OPTS", HERE), demo);
    assertThat(driver.await(300)).as(driver.tail()).isZero();
    assertThat(folder.resolve("demo/merged/model.safetensors")).isNotEmptyFile();
    assertThat(folder.resolve("demo/scores/report.html")).isNotEmptyFile();
  }

  @Test
  void podsAskForWhatThePlanSays() throws Exception {
    String template = DeployFiles.FOLDER.resolve("executor-pod.yaml").toString();
    List<String> gpu = List.of("--set", "train.compute.device=gpu", "--set", "train.restarts=0");
    List<String> ask =
        new ArrayList<>(List.of("plan", "--conf", recipe.toString(), "--device", "MI300X"));
    ask.addAll(gpu);
    CommandProcess plan = launch("plan", Map.of(), ask);
    assertThat(plan.await(60)).as(plan.tail()).isZero();

    List<String> arguments = train("with-cards", "--master", server.master());
    arguments.addAll(gpu);
    for (String line : Files.readAllLines(folder.resolve("plan.log"))) {
      if (line.startsWith("Spark ")) {
        arguments.addAll(List.of("--set", line.split(" +", 2)[1]));
      }
    }
    assertThat(arguments).contains("spark.executor.resource.gpu.vendor=amd.com");
    int overhead =
        arguments.stream()
            .filter(setting -> setting.startsWith("spark.executor.memoryOverhead="))
            .mapToInt(setting -> Integer.parseInt(setting.replaceAll("[^0-9]", "")))
            .findFirst()
            .orElseThrow();
    arguments.addAll(List.of("--set", "spark.kubernetes.executor.podTemplateFile=" + template));
    MadeUpCards cards = MadeUpCards.make(folder.resolve("cards"), "renderD128");
    cards
        .environment()
        .forEach(
            (name, value) ->
                arguments.addAll(List.of("--set", "spark.executorEnv." + name + "=" + value)));
    CommandProcess driver = launch("with-cards", Map.of("INSTELLA_SPARK_OPTS", HERE), arguments);
    // Spark has accepted it all, found the card and given it to the task; there is none, though.
    assertThat(driver.await(100)).as(driver.tail()).isEqualTo(4);
    assertThat(driver.tail()).contains("Device gpu:0 was asked for");

    Container container = withCards().getSpec().getContainers().get(0);
    assertThat(container.getResources().getLimits())
        .containsEntry("amd.com/gpu", new Quantity("1"))
        .containsEntry("memory", new Quantity("%dMi".formatted(4096 + 1024 * overhead)));
    assertThat(container.getResources().getRequests()).containsEntry("cpu", new Quantity("1"));
    assertThat(container.getVolumeMounts())
        .containsAll(
            DeployFiles.executorTemplate().getSpec().getContainers().get(0).getVolumeMounts());
    assertThat(withCards().getSpec().getVolumes())
        .containsAll(DeployFiles.executorTemplate().getSpec().getVolumes());
  }

  private static Pod withCards() {
    return node.pods().stream()
        .map(PodProcess::created)
        .filter(
            pod ->
                pod.getSpec()
                    .getContainers()
                    .get(0)
                    .getResources()
                    .getLimits()
                    .containsKey("amd.com/gpu"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void mistakesAreToldBeforeTheDriverStartsOrByItsExitCode() throws Exception {
    int before = node.pods().size();
    CommandProcess submit = cluster("mistaken", "--set", "train.sede=1");
    assertThat(submit.await(60)).as(submit.tail()).isEqualTo(2);
    assertThat(submit.tail()).contains("did you mean seed?");
    assertThat(node.pods()).as("no driver").hasSize(before);

    submit = cluster("missing", "--set", "train.data.sources=[{ path = /nowhere/tokens }]");
    assertThat(submit.await(100)).as(submit.tail()).isEqualTo(3);
  }
}
