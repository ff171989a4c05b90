package org.instella.jobs.yarn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * HDFS and YARN of one node: name node, data node, resource manager and node manager, each a
 * process of its own on 127.0.0.1, from the jars that the profile {@code yarn} adds to the class
 * path.
 */
final class HadoopDaemons implements AutoCloseable {
  private static final Duration UP_WITHIN = Duration.ofMinutes(2);
  private static final String FORMAT = "hdfs.server.namenode.NameNode";
  private static final List<String> MAINS =
      List.of(
          FORMAT,
          "hdfs.server.datanode.DataNode",
          "yarn.server.resourcemanager.ResourceManager",
          "yarn.server.nodemanager.NodeManager");

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Process> processes = new ArrayList<>();
  private final Path folder;
  private final Path conf;
  private final int nameNode = freePort();
  private final int resourceManager = freePort();

  private HadoopDaemons(Path folder) throws IOException {
    this.folder = folder;
    this.conf = Files.createDirectories(folder.resolve("conf"));
  }

  /** Starts all four and waits until one node of each is there. */
  static HadoopDaemons start(Path folder) throws Exception {
    HadoopDaemons daemons = new HadoopDaemons(folder);
    try {
      daemons.configure();
      Process format = daemons.java(FORMAT, "format", "-format", "-nonInteractive");
      assertThat(format.waitFor(1, TimeUnit.MINUTES)).as("name node formats its folder").isTrue();
      for (String main : MAINS) {
        daemons.processes.add(daemons.java(main, main.replaceFirst(".*\\.", "")));
      }
      Awaitility.await("four daemons, whose logs are in " + folder)
          .atMost(UP_WITHIN)
          .pollInterval(Duration.ofMillis(500))
          .ignoreExceptions()
          .until(() -> daemons.cluster("metrics").contains("\"activeNodes\":1"));
      return daemons;
    } catch (Exception | AssertionError e) {
      daemons.close();
      throw e;
    }
  }

  /** What {@code HADOOP_CONF_DIR} has to name. */
  Path conf() {
    return conf;
  }

  /** The file system's URI, without a slash at its end. */
  String fileSystem() {
    return "hdfs://127.0.0.1:" + nameNode;
  }

  /** What the resource manager says of a part of itself, as JSON. */
  String cluster(String part) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:%d/ws/v1/cluster/%s".formatted(resourceManager, part));
    return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private void configure() throws IOException {
    write("core-site.xml", Map.of("fs.defaultFS", fileSystem()));
    Map<String, Object> hdfs = new LinkedHashMap<>();
    hdfs.put("dfs.replication", 1);
    hdfs.put("dfs.namenode.name.dir", folder.resolve("name").toUri());
    hdfs.put("dfs.datanode.data.dir", folder.resolve("data").toUri());
    hdfs.put("dfs.namenode.rpc-bind-host", "127.0.0.1");
    hdfs.put("dfs.namenode.http-address", address());
    hdfs.put("dfs.datanode.address", address());
    hdfs.put("dfs.datanode.http.address", address());
    hdfs.put("dfs.datanode.ipc.address", address());
    hdfs.put("dfs.datanode.hostname", "localhost");
    write("hdfs-site.xml", hdfs);
    Map<String, Object> yarn = new LinkedHashMap<>();
    yarn.put("yarn.resourcemanager.hostname", "127.0.0.1");
    yarn.put("yarn.resourcemanager.bind-host", "127.0.0.1");
    for (String port : List.of("address", "scheduler.address", "resource-tracker.address")) {
      yarn.put("yarn.resourcemanager." + port, address());
    }
    yarn.put("yarn.resourcemanager.admin.address", address());
    yarn.put("yarn.resourcemanager.webapp.address", "127.0.0.1:" + resourceManager);
    yarn.put("yarn.resourcemanager.am.max-attempts", 2);
    yarn.put("yarn.nodemanager.hostname", "localhost");
    yarn.put("yarn.nodemanager.bind-host", "127.0.0.1");
    yarn.put("yarn.nodemanager.address", address());
    yarn.put("yarn.nodemanager.localizer.address", address());
    yarn.put("yarn.nodemanager.webapp.address", address());
    yarn.put("yarn.nodemanager.local-dirs", folder.resolve("local"));
    yarn.put("yarn.nodemanager.log-dirs", folder.resolve("logs"));
    yarn.put("yarn.nodemanager.resource.memory-mb", 8192);
    yarn.put("yarn.nodemanager.resource.cpu-vcores", 8);
    yarn.put("yarn.nodemanager.vmem-check-enabled", false);
    yarn.put("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", 99.5);
    yarn.put("yarn.scheduler.minimum-allocation-mb", 128);
    write("yarn-site.xml", yarn);
    write(
        "capacity-scheduler.xml",
        Map.of(
            "yarn.scheduler.capacity.root.queues",
            "default",
            "yarn.scheduler.capacity.root.default.capacity",
            100,
            "yarn.scheduler.capacity.maximum-am-resource-percent",
            0.8));
  }

  private void write(String name, Map<String, ?> properties) throws IOException {
    StringBuilder xml = new StringBuilder("<configuration>\n");
    properties.forEach(
        (key, value) ->
            xml.append(
                "<property><name>%s</name><value>%s</value></property>%n".formatted(key, value)));
    Files.writeString(conf.resolve(name), xml.append("</configuration>\n"));
  }

  private Process java(String main, String log, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    for (String opened : List.of("java.lang", "java.util", "java.io")) {
      command.add("--add-opens=java.base/%s=ALL-UNNAMED".formatted(opened));
    }
    command.add("-Dlog4j2.configurationFile=classpath:instella-executor-log4j2.xml");
    command.add("-Dhadoop.tmp.dir=" + folder.resolve("tmp"));
    command.add("-Dyarn.home.dir=" + folder);
    command.add("-cp");
    command.add(
        conf
            + ":"
            + System.getProperty(
                "surefire.test.class.path", System.getProperty("java.class.path")));
    command.add("org.apache.hadoop." + main);
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(log + ".log").toFile())
        .start();
  }

  private static String address() throws IOException {
    return "127.0.0.1:" + freePort();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  /** Ends them, the node manager first: it ends its containers. */
  @Override
  public void close() {
    for (int i = processes.size() - 1; i >= 0; i--) {
      Process process = processes.get(i);
      process.destroy();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
