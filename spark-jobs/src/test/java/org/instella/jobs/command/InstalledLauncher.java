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

/**
 * {@code bin/instella} of an installation, with a Java and a spark-submit that only write down what
 * they are asked and do what the test has told them.
 */
final class InstalledLauncher {
  static final String SAYS = "openjdk version \"17.0.15\" 2025-04-15\nOpenJDK of a test";

  private final Path folder;
  private final Path home;
  private final Path java;
  private final Map<String, String> environment = new TreeMap<>();

  private InstalledLauncher(Path folder, Path home, Path java) {
    this.folder = folder;
    this.home = home;
    this.java = java;
  }

  /** Installs it below an empty folder. */
  static InstalledLauncher in(Path folder) throws IOException {
    Path home = Files.createDirectories(folder.toRealPath().resolve("a home"));
    Path bin = Files.createDirectories(home.resolve("bin"));
    for (String script : List.of("instella", "cluster.sh")) {
      Files.copy(Path.of(System.getProperty("instella.home"), "bin", script), bin.resolve(script));
    }
    Path app = Files.createDirectories(home.resolve("app"));
    Files.createFile(app.resolve("instella-spark-jobs-1.jar"));
    Files.createFile(app.resolve("instella-conf-1.jar"));
    Files.createFile(Files.createDirectories(home.resolve("spark/jars")).resolve("spark-core.jar"));
    Files.createDirectories(home.resolve("conf"));
    Path java = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
    InstalledLauncher launcher = new InstalledLauncher(folder, home, java);
    launcher.writeJava(SAYS);
    return launcher;
  }

  Path home() {
    return home;
  }

  Path java() {
    return java;
  }

  /** An environment variable of the calls to come. */
  void set(String name, String value) {
    environment.put(name, value);
  }

  /** Another Java, which says this of its version. */
  void writeJava(String says) throws IOException {
    Files.deleteIfExists(java);
    program(
        java,
        "asked",
        """
        if [ "$1" = -version ]; then cat >&2 <<'END'
        %s
        END
        fi
        cd '%s'
        case "$*" in
          *--ship) cat ship 2>/dev/null; exit "$(cat ship-code 2>/dev/null || echo 0)" ;;
          *org.apache.spark.deploy.SparkSubmit*)
            for argument in "$@"; do
              case $argument in -Dinstella.log=*) log=${argument#*=} ;; esac
            done
            cat submit-log >>"$log" 2>/dev/null
            exit "$(cat submit-code 2>/dev/null || echo 0)"
            ;;
        esac
        """
            .formatted(says, folder));
  }

  /** What the launcher is told of the recipe that it has read for a driver in the cluster. */
  void shipped(int code, String properties) throws IOException {
    Files.writeString(folder.resolve("ship"), properties);
    Files.writeString(folder.resolve("ship-code"), String.valueOf(code));
  }

  /** What spark-submit writes to the log, and how it ends: that of a Spark home, and ours. */
  void submits(int code, String log) throws IOException {
    Files.writeString(folder.resolve("submit-log"), log);
    Files.writeString(folder.resolve("submit-code"), String.valueOf(code));
  }

  /** A Spark home with one jar. */
  Path spark(String jar) throws IOException {
    Path spark = folder.resolve("spark");
    Files.writeString(Files.createDirectories(spark.resolve("jars")).resolve(jar), "");
    program(
        Files.createDirectories(spark.resolve("bin")).resolve("spark-submit"),
        "submitted",
        """
        cd '%s'
        printf '%%s\\n' "$SPARK_SUBMIT_OPTS" >>submitted
        log=$(printf '%%s' "$SPARK_SUBMIT_OPTS" | sed 's/.*-Dinstella.log=\\([^"]*\\)".*/\\1/')
        cat submit-log >>"$log" 2>/dev/null
        exit "$(cat submit-code 2>/dev/null || echo 0)"
        """
            .formatted(folder));
    set("SPARK_HOME", spark.toString());
    return spark;
  }

  /** A script that writes its arguments down, one line a call, each in brackets. */
  private void program(Path file, String calls, String then) throws IOException {
    Files.writeString(
        file,
        """
        #!/bin/sh
        { for argument in "$@"; do printf '[%%s]' "$argument"; done; printf '\\n'; } >>'%s'
        %s
        """
            .formatted(folder.resolve(calls), then));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Calls of Java that had this among their arguments. */
  List<String> calls(String with) throws IOException {
    Path asked = folder.resolve("asked");
    return Files.exists(asked)
        ? Files.readAllLines(asked).stream().filter(line -> line.contains(with)).toList()
        : List.of();
  }

  /** What spark-submit was given since the last call of this method. */
  String submitted() throws IOException {
    Path file = folder.resolve("submitted");
    String text = Files.exists(file) ? Files.readString(file) : "";
    Files.deleteIfExists(file);
    return text;
  }

  void forgetCalls() throws IOException {
    Files.deleteIfExists(folder.resolve("asked"));
  }

  String output() throws IOException {
    return Files.readString(folder.resolve("output"));
  }

  /** Variables of whoever runs the tests. */
  private static boolean isOfTheBuild(String name) {
    return name.matches("SPARK_.*|INSTELLA_.*");
  }

  int launch(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", home + "/bin/instella"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(InstalledLauncher::isOfTheBuild);
    builder.environment().put("JAVA_HOME", java.getParent().getParent().toString());
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    builder.environment().put("INSTELLA_CLASS_ARCHIVE", "off");
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("output").toFile());
    Process process = builder.start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }
}
