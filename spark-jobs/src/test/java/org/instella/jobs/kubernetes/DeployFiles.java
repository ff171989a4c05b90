package org.instella.jobs.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What deploy/kubernetes gives to users. */
final class DeployFiles {
  static final Path FOLDER = Path.of(System.getProperty("instella.home"), "deploy", "kubernetes");

  private DeployFiles() {}

  static Pod executorTemplate() throws IOException {
    return Serialization.unmarshal(text("executor-pod.yaml"), Pod.class);
  }

  static Pod driverTemplate() throws IOException {
    return Serialization.unmarshal(text("driver-pod.yaml"), Pod.class);
  }

  static List<HasMetadata> rbac() throws IOException {
    return Serialization.unmarshal(text("rbac.yaml"));
  }

  static Role role() throws IOException {
    return rbac().stream()
        .filter(Role.class::isInstance)
        .map(Role.class::cast)
        .findFirst()
        .orElseThrow();
  }

  /** Whether the driver's role lets it do so. */
  static boolean allowed(ApiServer.Access access) throws IOException {
    return role().getRules().stream()
        .anyMatch(
            rule ->
                rule.getResources().contains(access.resource())
                    && rule.getVerbs().contains(access.verb()));
  }

  static GenericKubernetesResource application() throws IOException {
    return Serialization.unmarshal(text("spark-application.yaml"), GenericKubernetesResource.class);
  }

  static String text(String name) throws IOException {
    return Files.readString(FOLDER.resolve(name));
  }
}
