package org.instella.jobs.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.instella.jobs.command.Instella;
import org.junit.jupiter.api.Test;

/** The files of deploy/kubernetes against the names that their readers know. */
class DeployFilesTest {
  /**
   * Fields of a SparkApplication's spec, its driver and its executor that ours may use: from the
   * custom resource definition of kubeflow/spark-operator at 38082f33.
   */
  private static final Set<String> SPEC =
      Set.of(
          "arguments",
          "batchScheduler",
          "batchSchedulerOptions",
          "deps",
          "driver",
          "executor",
          "hadoopConf",
          "hadoopConfigMap",
          "image",
          "imagePullPolicy",
          "imagePullSecrets",
          "mainApplicationFile",
          "mainClass",
          "mode",
          "monitoring",
          "nodeSelector",
          "restartPolicy",
          "sparkConf",
          "sparkConfigMap",
          "sparkVersion",
          "timeToLiveSeconds",
          "type",
          "volumes");

  private static final Set<String> BOTH =
      Set.of(
          "affinity",
          "annotations",
          "configMaps",
          "coreLimit",
          "coreRequest",
          "cores",
          "env",
          "envFrom",
          "gpu",
          "image",
          "javaOptions",
          "labels",
          "memory",
          "memoryOverhead",
          "nodeSelector",
          "priorityClassName",
          "schedulerName",
          "secrets",
          "serviceAccount",
          "template",
          "terminationGracePeriodSeconds",
          "tolerations",
          "volumeMounts");

  private static final Set<String> RESTART =
      Set.of(
          "type",
          "onFailureRetries",
          "onFailureRetryInterval",
          "onSubmissionFailureRetries",
          "onSubmissionFailureRetryInterval");

  @Test
  void applicationHasTheFieldsThatTheOperatorKnows() throws IOException {
    GenericKubernetesResource application = DeployFiles.application();
    assertThat(application.getApiVersion()).isEqualTo("sparkoperator.k8s.io/v1beta2");
    assertThat(application.getKind()).isEqualTo("SparkApplication");
    Map<String, Object> spec = application.get("spec");
    assertThat(spec)
        .containsKeys("type", "sparkVersion", "mainApplicationFile", "driver", "executor")
        .containsEntry("mainClass", Instella.class.getName())
        .doesNotContainKey("dynamicAllocation"); // barrier stages exclude it
    assertThat(SPEC).containsAll(spec.keySet());
    assertThat(BOTH).containsAll(application.<Map<String, Object>>get("spec", "driver").keySet());
    Map<String, Object> executor = application.get("spec", "executor");
    assertThat(executor).containsKey("instances");
    assertThat(BOTH)
        .containsAll(executor.keySet().stream().filter(key -> !key.equals("instances")).toList());
    assertThat(RESTART)
        .containsAll(application.<Map<String, Object>>get("spec", "restartPolicy").keySet());
  }

  @Test
  void applicationDriverAndRoleAgree() throws IOException {
    GenericKubernetesResource application = DeployFiles.application();
    List<HasMetadata> rbac = DeployFiles.rbac();
    assertThat(rbac).hasSize(3);
    ServiceAccount account = (ServiceAccount) rbac.get(0);
    RoleBinding binding = (RoleBinding) rbac.get(2);
    assertThat(application.<String>get("spec", "driver", "serviceAccount"))
        .isEqualTo(account.getMetadata().getName());
    assertThat(binding.getSubjects().get(0).getName()).isEqualTo(account.getMetadata().getName());
    assertThat(binding.getRoleRef().getName())
        .isEqualTo(DeployFiles.role().getMetadata().getName());
    assertKnown(rbac);
  }

  @Test
  void templatesAreOfPodsAlone() throws IOException {
    assertKnown(List.of(DeployFiles.executorTemplate(), DeployFiles.driverTemplate()));
    Pod executor = DeployFiles.executorTemplate();
    assertThat(executor.getSpec().getContainers().get(0).getVolumeMounts().get(0).getMountPath())
        .isEqualTo("/dev/shm");
    assertThat(executor.getSpec().getVolumes().get(0).getEmptyDir().getMedium())
        .isEqualTo("Memory");
    assertThat(DeployFiles.driverTemplate().getSpec().getTerminationGracePeriodSeconds())
        .isGreaterThan(30);
    Map<String, Object> template =
        DeployFiles.application().get("spec", "executor", "template", "spec");
    Pod ofTheOperator =
        Serialization.unmarshal(Serialization.asJson(Map.of("spec", template)), Pod.class);
    assertKnown(List.of(ofTheOperator));
    assertThat(ofTheOperator.getSpec().getVolumes()).isEqualTo(executor.getSpec().getVolumes());
  }

  @Test
  void imageIsOfOurSpark() throws IOException {
    Path home = Path.of(System.getProperty("instella.home"));
    String spark =
        Files.readString(home.resolve("pom.xml"))
            .replaceAll("(?s).*<spark.version>(.*?)</spark.version>.*", "$1");
    assertThat(DeployFiles.text("Dockerfile"))
        .contains("FROM apache/spark:%s-scala2.13-java17-ubuntu".formatted(spark));
    assertThat(DeployFiles.application().<String>get("spec", "sparkVersion")).isEqualTo(spark);
  }

  /** Classes of Kubernetes keep a field that they do not know in a map; ours have no other maps. */
  private static void assertKnown(List<? extends HasMetadata> objects) {
    assertThat(objects)
        .usingRecursiveAssertion()
        .allFieldsSatisfy(field -> !(field instanceof Map<?, ?> map) || map.isEmpty());
  }
}
