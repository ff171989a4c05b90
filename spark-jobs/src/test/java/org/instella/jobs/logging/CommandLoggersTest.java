package org.instella.jobs.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.xml.XmlConfiguration;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.logging.log4j.util.StringMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.NOPLoggerFactory;

class CommandLoggersTest {
  private static final LocalDateTime NOON = LocalDateTime.of(2026, 11, 28, 12, 3, 4, 56_000_000);

  private final ByteArrayOutputStream console = new ByteArrayOutputStream();
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("log");
  }

  @Test
  void progressGoesToTheConsoleAndEverythingToTheFile() throws IOException {
    CommandLoggers loggers = loggers(NOPLoggerFactory::new);
    Logger ours = loggers.getLogger("org.instella.ensemble.CheckpointMerger");
    ours.info("{} of {}", 1, 2);
    ours.debug("not asked for");
    ours.warn("slow");
    loggers.getLogger("org.instella.train.Trainer").info("step 1");
    assertThat(console.toString(StandardCharsets.UTF_8))
        .isEqualToNormalizingNewlines("12:03:04 1 of 2\n12:03:04 WARN slow\n");
    assertThat(Files.readString(file))
        .isEqualToNormalizingNewlines(
            """
            2026-11-28 12:03:04,056 INFO  [main] org.instella.ensemble.CheckpointMerger: 1 of 2
            2026-11-28 12:03:04,056 WARN  [main] org.instella.ensemble.CheckpointMerger: slow
            2026-11-28 12:03:04,056 INFO  [main] org.instella.train.Trainer: step 1
            """);
  }

  @Test
  void traceOfFailureIsInTheFileOnly() throws IOException {
    loggers(NOPLoggerFactory::new)
        .getLogger("org.instella.A")
        .error("failed", new IllegalStateException("because"));
    assertThat(console.toString(StandardCharsets.UTF_8))
        .isEqualToNormalizingNewlines("12:03:04 ERROR failed\n");
    assertThat(Files.readString(file))
        .contains("org.instella.A: failed")
        .contains("java.lang.IllegalStateException: because")
        .contains("\tat ");
  }

  /** The pattern of deploy/conf/log4j2.xml is the reference. */
  @Test
  void linesOfTheFileAreThoseOfLog4j() throws IOException {
    Path xml = Path.of("../deploy/conf/log4j2.xml");
    Configuration configuration;
    try (LoggerContext context = new LoggerContext("reference")) {
      configuration =
          new XmlConfiguration(
              context, new ConfigurationSource(Files.newInputStream(xml), xml.toFile()));
      configuration.initialize();
      long millis = NOON.atZone(java.time.ZoneId.systemDefault()).toInstant().toEpochMilli();
      for (Level level : List.of(Level.INFO, Level.ERROR)) {
        Files.deleteIfExists(file);
        loggers(NOPLoggerFactory::new).getLogger("org.instella.A").atLevel(level).log("some text");
        LogEvent event =
            Log4jLogEvent.newBuilder()
                .setLoggerName("org.instella.A")
                .setLevel(org.apache.logging.log4j.Level.valueOf(level.name()))
                .setThreadName(Thread.currentThread().getName())
                .setMessage(new SimpleMessage("some text"))
                .setTimeMillis(millis)
                .setContextData((StringMap) null)
                .build();
        assertThat(Files.readString(file))
            .isEqualTo(
                configuration.getAppender("file").getLayout().toSerializable(event).toString());
        assertThat(console.toString(StandardCharsets.UTF_8))
            .endsWith(
                configuration.getAppender("console").getLayout().toSerializable(event).toString());
      }
    }
  }

  @Test
  void firstForeignClassBringsTheOtherLoggingSystem() throws IOException {
    List<String> seen = new ArrayList<>();
    CommandLoggers loggers = loggers(() -> name -> new Recording(name, seen));
    Logger before = loggers.getLogger("org.instella.A");
    before.info("ours");
    assertThat(loggers.current()).isSameAs(loggers);

    loggers.getLogger("org.apache.hadoop.fs.FileSystem").info("theirs");
    before.info("after {}", 1);
    loggers.getLogger("org.instella.B").warn("new");

    assertThat(loggers.current()).isNotSameAs(loggers);
    assertThat(seen)
        .containsExactly(
            "INFO org.apache.hadoop.fs.FileSystem theirs",
            "INFO org.instella.A after 1",
            "WARN org.instella.B new");
    assertThat(Files.readString(file)).endsWith("ours" + System.lineSeparator());
  }

  @Test
  void fileThatCannotBeWrittenIsToldOnce() {
    file = folder.resolve("absent/log");
    Logger ours = loggers(NOPLoggerFactory::new).getLogger("org.instella.A");
    ours.info("one");
    ours.info("two");
    assertThat(console.toString(StandardCharsets.UTF_8))
        .containsOnlyOnce("instella: cannot write the log: ")
        .contains("one", "two");
  }

  private CommandLoggers loggers(java.util.function.Supplier<ILoggerFactory> full) {
    return new CommandLoggers(
        new LogLines(
            Level.INFO,
            Optional.of(file.toString()),
            new PrintStream(console, true, StandardCharsets.UTF_8),
            () -> NOON),
        full);
  }

  /** Keeps what is logged. */
  private static final class Recording extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;
    private final transient List<String> seen;

    Recording(String name, List<String> seen) {
      this.name = name;
      this.seen = seen;
    }

    @Override
    public boolean isTraceEnabled() {
      return true;
    }

    @Override
    public boolean isDebugEnabled() {
      return true;
    }

    @Override
    public boolean isInfoEnabled() {
      return true;
    }

    @Override
    public boolean isWarnEnabled() {
      return true;
    }

    @Override
    public boolean isErrorEnabled() {
      return true;
    }

    @Override
    protected String getFullyQualifiedCallerName() {
      return Recording.class.getName();
    }

    @Override
    protected void handleNormalizedLoggingCall(
        Level level,
        org.slf4j.Marker marker,
        String pattern,
        Object[] arguments,
        Throwable failure) {
      seen.add(
          level
              + " "
              + name
              + " "
              + org.slf4j.helpers.MessageFormatter.basicArrayFormat(pattern, arguments));
    }
  }
}
