package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/instella} of an installation, with a Java that only writes down what it is asked. */
class LauncherTest {
  @TempDir private Path folder;
  private InstalledLauncher launcher;

  @BeforeEach
  void install() throws IOException {
    launcher = InstalledLauncher.in(folder);
  }

  @Test
  void versionOfJavaIsAskedForOnceUntilItIsAnotherFile() throws Exception {
    assertThat(launcher.launch("--version")).isZero();
    assertThat(launcher.launch("--version")).isZero();
    assertThat(launcher.calls("[-version]")).hasSize(1);
    assertThat(launcher.calls("org.instella.jobs.command.Instella")).hasSize(2);

    launcher.writeJava(InstalledLauncher.SAYS.replace("17.0.15", "21.0.1") + " and another");
    assertThat(launcher.launch("--version")).isZero();
    assertThat(launcher.calls("[-version]")).hasSize(2);
  }

  @Test
  void olderOrUnknownJavaIsRefusedEveryTime() throws Exception {
    for (String says : List.of("java version \"1.8.0_402\"", "openjdk version \"16\"", "what?")) {
      launcher.writeJava(says);
      assertThat(launcher.launch("--version")).isEqualTo(4);
      assertThat(launcher.launch("--version")).isEqualTo(4);
      assertThat(launcher.output()).contains("instella needs 17 or newer");
    }
  }

  @Test
  void noticeOfTheJvmBeforeItsVersionDoesNotMatter() throws Exception {
    launcher.writeJava("Picked up JAVA_TOOL_OPTIONS: -Dx=1\n" + InstalledLauncher.SAYS);
    assertThat(launcher.launch("--version")).isZero();
  }

  @Test
  void whatIsOverInASecondStartsWithoutLog4jAndWhatWorksWithIt() throws Exception {
    for (List<String> quick :
        List.of(
            List.of("merge", "--models", "a,b"),
            List.of("inspect", "a"),
            List.of("train", "--help"),
            List.of("train", "--print-conf"),
            List.of("--version"),
            List.<String>of())) {
      launcher.forgetCalls();
      assertThat(launcher.launch(quick.toArray(String[]::new))).isZero();
      assertThat(launcher.calls("org.instella.jobs.command.Instella"))
          .singleElement()
          .asString()
          .contains("-Dslf4j.provider=org.instella.jobs.logging.CommandLogProvider");
    }
    assertThat(Class.forName("org.instella.jobs.logging.CommandLogProvider")).isFinal();
    launcher.forgetCalls();
    assertThat(launcher.launch("train", "--conf", "x")).isZero();
    assertThat(launcher.calls("org.instella.jobs.command.Instella"))
        .singleElement()
        .asString()
        .doesNotContain("slf4j.provider");
  }

  @Test
  void argumentsArriveAsTheyAre() throws Exception {
    assertThat(launcher.launch("merge", "--models", "a b,*", "--set", "merge.t = 0.3", ""))
        .isZero();
    assertThat(launcher.calls("org.instella.jobs.command.Instella"))
        .singleElement()
        .asString()
        .endsWith("[merge][--models][a b,*][--set][merge.t = 0.3][]")
        .contains("[-XX:CompileCommand=CompileThresholdScaling,sun.security.provider.*::*,0.01]");
  }

  @Test
  void archiveIsTakenOnlyWithTheJavaItWasMadeOf() throws Exception {
    Path archive =
        Files.createDirectories(launcher.home().resolve("classes")).resolve("classes.jsa");
    Files.createFile(archive);
    Files.writeString(
        archive.resolveSibling("classes.key"), launcher.home() + " " + InstalledLauncher.SAYS);
    String option = "[-XX:SharedArchiveFile=" + archive + "]";
    launcher.set("INSTELLA_CLASS_ARCHIVE", "on");
    assertThat(launcher.launch("inspect", "a")).isZero();
    assertThat(launcher.calls(option)).hasSize(1);

    Files.writeString(archive.resolveSibling("classes.key"), launcher.home() + " another Java");
    launcher.set("INSTELLA_CLASS_ARCHIVE", "on");
    assertThat(launcher.launch("inspect", "a")).isZero();
    assertThat(launcher.calls(option)).hasSize(1);
  }

  @Test
  void moreJarsStandBehindOurs() throws Exception {
    launcher.set("INSTELLA_CLASS_PATH", "/opt/connectors/*");
    assertThat(launcher.launch("inspect", "a")).isZero();
    assertThat(launcher.calls("org.instella.jobs.command.Instella"))
        .singleElement()
        .asString()
        .contains("/spark/jars/spark-core.jar:/opt/connectors/*][org.instella");
  }
}
