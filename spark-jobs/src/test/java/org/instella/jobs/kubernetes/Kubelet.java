package org.instella.jobs.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node for {@link ApiServer}: starts the container of each new pod as a process of this machine
 * ({@link PodProcess}) and ends those whose pod is deleted. Every pod has an address of its own on
 * loopback; names of services are kept in a hosts file, which stands in for the cluster's DNS.
 */
final class Kubelet implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Kubelet.class);
  private static final int LOOK_EVERY_MILLIS = 50;

  private final KubernetesClient client;
  private final ContainerImage image;
  private final Path folder;
  private final String self;
  private final Map<String, PodProcess> pods = new ConcurrentHashMap<>();
  private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();

  /**
   * Begins.
   *
   * @param folder gets a folder for each pod, with its log and its volumes
   */
  Kubelet(KubernetesClient client, ContainerImage image, Path folder) throws IOException {
    this.client = client;
    this.image = image;
    this.folder = Files.createDirectories(folder);
    self = "127.0.0.1 localhost " + InetAddress.getLocalHost().getHostName() + "\n";
    Files.writeString(hosts(), self);
    loop.scheduleWithFixedDelay(this::look, 0, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** All pods that ever were. */
  List<PodProcess> pods() {
    return List.copyOf(pods.values());
  }

  /** Those of Spark's role {@code driver} or {@code executor} that live. */
  List<PodProcess> running(String role) {
    return pods.values().stream()
        .filter(pod -> pod.role().equals(role) && pod.process().isAlive())
        .toList();
  }

  private void look() {
    try {
      List<Pod> there = client.pods().inNamespace("default").list().getItems();
      for (Pod pod : there) {
        pods.computeIfAbsent(pod.getMetadata().getName(), name -> start(pod));
      }
      List<String> names = there.stream().map(pod -> pod.getMetadata().getName()).toList();
      pods.forEach(
          (name, pod) -> {
            if (!names.contains(name)) {
              pod.end();
              collect(pod.created().getMetadata().getUid(), there);
            }
          });
      writeHosts();
    } catch (RuntimeException | IOException e) {
      log.warn("the kubelet missed a look", e);
    }
  }

  private PodProcess start(Pod pod) {
    int number = pods.size() + 1;
    try {
      return PodProcess.start(
          client,
          pod,
          "127.1.0." + number,
          image,
          folder.resolve(pod.getMetadata().getName()),
          hosts());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A real cluster's garbage collector: what belongs to a pod goes with it. */
  private void collect(String owner, List<Pod> there) {
    there.stream()
        .filter(
            pod ->
                pod.getMetadata().getOwnerReferences().stream()
                    .anyMatch(reference -> reference.getUid().equals(owner)))
        .forEach(pod -> client.resource(pod).delete());
  }

  private Path hosts() {
    return folder.resolve("hosts");
  }

  /** Services by name, with the address of a pod that their selector picks. */
  private void writeHosts() throws IOException {
    StringBuilder text = new StringBuilder(self);
    client
        .services()
        .inNamespace("default")
        .list()
        .getItems()
        .forEach(
            service ->
                pods.values().stream()
                    .filter(
                        pod ->
                            pod.created()
                                .getMetadata()
                                .getLabels()
                                .entrySet()
                                .containsAll(service.getSpec().getSelector().entrySet()))
                    .forEach(
                        pod ->
                            text.append(pod.address())
                                .append(' ')
                                .append(service.getMetadata().getName())
                                .append(".default.svc\n")));
    if (!Files.readString(hosts()).contentEquals(text)) {
      Files.writeString(hosts(), text);
    }
  }

  @Override
  public void close() {
    loop.shutdownNow();
    pods.values().forEach(pod -> pod.process().destroyForcibly());
  }
}
