package org.instella.jobs.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What deploy/kubernetes/Dockerfile would put into an image, as files of this machine: Spark's jars
 * on the class path of what its entry point starts; ours, and the settings, in a folder of their
 * own.
 *
 * @param home the installation inside the image
 * @param sparkJars class path of Spark alone
 */
record ContainerImage(Path home, String sparkJars) {

  /** The image of this checkout, which {@code bin/instella} has built. */
  static ContainerImage make(Path folder) throws IOException {
    Path state = Path.of(System.getProperty("instella.home"), "deploy", "target");
    Path app = Files.createDirectories(folder.resolve("app"));
    List<String> ours = paths(state.resolve("launcher.application"));
    for (String jar : ours) {
      Files.createSymbolicLink(app.resolve(Path.of(jar).getFileName()), Path.of(jar));
    }
    Files.createSymbolicLink(folder.resolve("conf"), state.resolveSibling("conf"));
    List<String> spark = new ArrayList<>(paths(state.resolve("launcher.classpath")));
    spark.removeAll(ours);
    return new ContainerImage(folder, String.join(":", spark));
  }

  private static List<String> paths(Path classPath) throws IOException {
    return List.of(Files.readString(classPath).strip().split(":"));
  }

  /**
   * The command that the image's entry point runs for a container's arguments.
   *
   * @param environment of the container, complete
   */
  List<String> command(List<String> arguments, Map<String, String> environment) {
    return switch (arguments.get(0)) {
      case "driver" -> driver(arguments.subList(1, arguments.size()), environment);
      case "executor" -> executor(environment);
      default -> throw new IllegalArgumentException("not Spark's: " + arguments);
    };
  }

  private List<String> driver(List<String> arguments, Map<String, String> environment) {
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(opens());
    // bin/spark-submit reads these two from the properties and gives them to the JVM it starts.
    Map<String, String> properties = properties(arguments);
    command.add("-Xmx" + properties.getOrDefault("spark.driver.memory", "1g"));
    command.addAll(words(properties.getOrDefault("spark.driver.defaultJavaOptions", "")));
    command.addAll(words(properties.getOrDefault("spark.driver.extraJavaOptions", "")));
    command.addAll(classPath(properties.get("spark.driver.extraClassPath"), environment));
    command.add("org.apache.spark.deploy.SparkSubmit");
    command.addAll(
        List.of(
            "--conf", "spark.driver.bindAddress=" + environment.get("SPARK_DRIVER_BIND_ADDRESS")));
    command.addAll(List.of("--deploy-mode", "client"));
    command.addAll(arguments);
    return command;
  }

  private static Map<String, String> properties(List<String> arguments) {
    var properties = new java.util.Properties();
    Path file = Path.of(arguments.get(arguments.indexOf("--properties-file") + 1));
    try (var in = Files.newInputStream(file)) {
      properties.load(in);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    Map<String, String> all = new TreeMap<>();
    properties.stringPropertyNames().forEach(name -> all.put(name, properties.getProperty(name)));
    return all;
  }

  private static List<String> words(String options) {
    return options.isBlank() ? List.of() : List.of(options.strip().split("\\s+"));
  }

  private List<String> executor(Map<String, String> environment) {
    List<String> command = new ArrayList<>(List.of(java()));
    for (int i = 0; environment.containsKey("SPARK_JAVA_OPT_" + i); i++) {
      command.add(environment.get("SPARK_JAVA_OPT_" + i));
    }
    command.add("-Xms" + environment.get("SPARK_EXECUTOR_MEMORY"));
    command.add("-Xmx" + environment.get("SPARK_EXECUTOR_MEMORY"));
    command.addAll(classPath(environment.get("SPARK_CLASSPATH"), environment));
    command.add("org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend");
    Map.of(
            "--driver-url", "SPARK_DRIVER_URL",
            "--executor-id", "SPARK_EXECUTOR_ID",
            "--cores", "SPARK_EXECUTOR_CORES",
            "--app-id", "SPARK_APPLICATION_ID",
            "--hostname", "SPARK_EXECUTOR_POD_IP",
            "--resourceProfileId", "SPARK_RESOURCE_PROFILE_ID",
            "--podName", "SPARK_EXECUTOR_POD_NAME")
        .forEach((option, variable) -> command.addAll(List.of(option, environment.get(variable))));
    return command;
  }

  private List<String> classPath(String extra, Map<String, String> environment) {
    String conf = environment.get("SPARK_CONF_DIR");
    return List.of(
        "-cp",
        Stream.of(conf, extra, sparkJars)
            .filter(Objects::nonNull)
            .collect(Collectors.joining(":")));
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** What bin/spark-submit gives every JVM. */
  private static List<String> opens() {
    return List.of(
        org.apache.spark.launcher.JavaModuleOptions.defaultModuleOptions().strip().split("\\s+"));
  }
}
