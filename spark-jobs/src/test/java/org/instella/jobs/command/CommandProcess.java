package org.instella.jobs.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;

/** A command in a process of its own, as the launcher starts it, so that it can be killed. */
public final class CommandProcess {
  private final Process process;
  private final Path log;

  private CommandProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts a command.
   *
   * @param log what it prints goes to the end of this file
   */
  public static CommandProcess start(Path log, List<String> arguments) throws IOException {
    Path home = Files.createTempDirectory("instella-spark-home");
    Files.delete(home); // the command makes and removes it
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx1g");
    command.add("-XX:+UseSerialGC");
    command.add(
        "@" + Path.of(System.getProperty("instella.home"), "deploy", "conf", "jvm.options"));
    command.add("-Dai.djl.offline=true");
    command.add(
        "-Dlog4j2.configurationFile="
            + Path.of(System.getProperty("instella.home"), "deploy", "conf", "log4j2.xml"));
    command.add("-Dinstella.log=" + log + ".full");
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Instella.class.getName());
    command.addAll(arguments);
    return started(command, Map.of("SPARK_HOME", home.toString()), log);
  }

  /** Starts a command through {@code bin/instella}, with all that it does for its users. */
  public static CommandProcess launch(Path log, List<String> arguments) throws IOException {
    return launch(log, arguments, Map.of());
  }

  /** The same with more environment variables. */
  public static CommandProcess launch(
      Path log, List<String> arguments, Map<String, String> environment) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("instella.home"), "bin", "instella").toString());
    command.addAll(arguments);
    return started(command, environment, log); // the launcher becomes the driver: same process
  }

  private static CommandProcess started(
      List<String> command, Map<String, String> environment, Path log) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    return new CommandProcess(builder.start(), log);
  }

  /** SIGKILL, to this process alone: its executors must find out by themselves. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  public boolean endsWithin(long seconds) throws InterruptedException {
    return process.waitFor(seconds, TimeUnit.SECONDS);
  }

  /** The exit code. */
  public int await(long seconds) throws InterruptedException {
    Assertions.assertThat(endsWithin(seconds)).as("ends within %d s", seconds).isTrue();
    return process.exitValue();
  }

  /** All that it printed. */
  public String text() throws IOException {
    return Files.readString(log);
  }

  /** The last lines it printed. */
  public String tail() throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
  }
}
