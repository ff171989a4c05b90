package org.instella.jobs.kubernetes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pod whose container runs as a process: arguments, environment and files from the pod's own
 * specification, nothing from the environment of the test. Config maps and empty volumes are
 * folders; their mount paths are replaced wherever they stand.
 */
final class PodProcess {
  private static final Logger log = LoggerFactory.getLogger(PodProcess.class);
  private static final int GRACE_SECONDS = 30;

  private final KubernetesClient client;
  private final Pod created;
  private final String address;
  private final Path folder;
  private final Process process;

  private PodProcess(
      KubernetesClient client, Pod created, String address, Path folder, Process process) {
    this.client = client;
    this.created = created;
    this.address = address;
    this.folder = folder;
    this.process = process;
  }

  static PodProcess start(
      KubernetesClient client,
      Pod pod,
      String address,
      ContainerImage image,
      Path folder,
      Path hosts)
      throws IOException {
    Files.createDirectories(folder);
    Container container = pod.getSpec().getContainers().get(0);
    Map<String, String> mounts = mounts(pod, container, folder);
    for (Volume volume : pod.getSpec().getVolumes()) {
      fill(client, volume, folder, mounts);
    }
    Map<String, String> environment = new TreeMap<>();
    environment.put("PATH", System.getenv("PATH"));
    // The cluster's DNS, for Java.
    environment.put("JAVA_TOOL_OPTIONS", "-Djdk.net.hosts.file=" + hosts);
    for (EnvVar variable : container.getEnv()) {
      environment.put(variable.getName(), replaced(value(variable, pod, address), mounts));
    }
    List<String> arguments =
        container.getArgs().stream().map(argument -> replaced(argument, mounts)).toList();
    ProcessBuilder builder = new ProcessBuilder(image.command(arguments, environment));
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.redirectOutput(folder.resolve("log").toFile());
    PodProcess started = new PodProcess(client, pod, address, folder, builder.start());
    started.report("Running", new ContainerStateBuilder().withNewRunning().endRunning().build());
    started.process.onExit().thenAccept(ended -> started.reportEnd(ended.exitValue()));
    return started;
  }

  /** As it was created. */
  Pod created() {
    return created;
  }

  String name() {
    return created.getMetadata().getName();
  }

  /** Spark's role: driver or executor. */
  String role() {
    return created.getMetadata().getLabels().get("spark-role");
  }

  String address() {
    return address;
  }

  Process process() {
    return process;
  }

  /** What the container printed. */
  String printed() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  /** SIGTERM, and SIGKILL after the grace period. */
  void end() {
    if (process.isAlive()) {
      process.destroy();
      process
          .onExit()
          .orTimeout(GRACE_SECONDS, TimeUnit.SECONDS)
          .exceptionally(late -> process.destroyForcibly());
    }
  }

  private static Map<String, String> mounts(Pod pod, Container container, Path folder) {
    Map<String, String> mounts = new TreeMap<>();
    for (VolumeMount mount : container.getVolumeMounts()) {
      if (!mount.getMountPath().equals("/dev/shm")) { // this machine has one
        mounts.put(mount.getMountPath(), folder.resolve(mount.getName()).toString());
      }
    }
    return mounts;
  }

  private static void fill(
      KubernetesClient client, Volume volume, Path folder, Map<String, String> mounts)
      throws IOException {
    Path place = Files.createDirectories(folder.resolve(volume.getName()));
    if (volume.getConfigMap() == null) {
      return;
    }
    Map<String, String> data = configMap(client, volume.getConfigMap().getName());
    for (var item : data.entrySet()) {
      String name =
          volume.getConfigMap().getItems().stream()
              .filter(chosen -> chosen.getKey().equals(item.getKey()))
              .map(chosen -> chosen.getPath())
              .findFirst()
              .orElse(item.getKey());
      Files.writeString(place.resolve(name), replaced(item.getValue(), mounts));
    }
  }

  /** A pod waits for its config maps, which Spark creates after it. */
  private static Map<String, String> configMap(KubernetesClient client, String name) {
    return client
        .configMaps()
        .inNamespace("default")
        .withName(name)
        .waitUntilCondition(map -> map != null, 30, TimeUnit.SECONDS)
        .getData();
  }

  private static String value(EnvVar variable, Pod pod, String address) {
    if (variable.getValueFrom() == null) {
      return String.valueOf(variable.getValue());
    }
    String field = variable.getValueFrom().getFieldRef().getFieldPath();
    return switch (field) {
      case "status.podIP" -> address;
      case "metadata.name" -> pod.getMetadata().getName();
      default -> throw new IllegalArgumentException("field " + field);
    };
  }

  private static String replaced(String text, Map<String, String> mounts) {
    String result = text;
    for (var mount : mounts.entrySet()) {
      result = result.replace(mount.getKey(), mount.getValue());
    }
    return result;
  }

  private void reportEnd(int code) {
    report(
        code == 0 ? "Succeeded" : "Failed",
        new ContainerStateBuilder()
            .withNewTerminated()
            .withExitCode(code)
            .withFinishedAt(Instant.now().toString())
            .endTerminated()
            .build());
  }

  private void report(String phase, ContainerState state) {
    Container container = created.getSpec().getContainers().get(0);
    try {
      client
          .pods()
          .inNamespace("default")
          .withName(name())
          .editStatus(
              pod ->
                  pod.edit()
                      .editOrNewStatus()
                      .withPhase(phase)
                      .withPodIP(address)
                      .withHostIP("127.0.0.1")
                      .withStartTime(Instant.now().toString())
                      .withConditions(
                          new PodConditionBuilder()
                              .withType("Ready")
                              .withStatus(phase.equals("Running") ? "True" : "False")
                              .build())
                      .withContainerStatuses()
                      .addNewContainerStatus()
                      .withName(container.getName())
                      .withImage(container.getImage())
                      .withState(state)
                      .endContainerStatus()
                      .endStatus()
                      .build());
    } catch (KubernetesClientException | NullPointerException e) {
      log.debug("pod {} is gone", name(), e); // deleted before its process ended
    }
  }
}
