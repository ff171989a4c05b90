package org.instella.jobs.logging;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Optional;
import java.util.TimeZone;
import java.util.function.Supplier;
import org.slf4j.event.Level;

/**
 * Lines as deploy/conf/log4j2.xml has them for classes of ours: progress on the console, everything
 * in the log file. The file is opened for each line, so that log4j2 may take over at any moment;
 * there are few.
 */
final class LogLines {
  private static final String TRAINING = "org.instella.train"; // the console has its progress lines

  private final Level lowest;
  private final Optional<String> file;
  private final PrintStream console;
  private final Supplier<LocalDateTime> clock;
  private boolean fileFailed;

  /**
   * Lines for a file and a console.
   *
   * @param file empty: the console only
   */
  LogLines(
      Level lowest, Optional<String> file, PrintStream console, Supplier<LocalDateTime> clock) {
    this.lowest = lowest;
    this.file = file;
    this.console = console;
    this.clock = clock;
  }

  /** By the system properties that log4j2.xml reads. */
  static LogLines standard() {
    Level lowest = Level.INFO;
    try {
      lowest = Level.valueOf(System.getProperty("instella.level", "info").toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      // Another name of log4j2's: as if it were not set.
    }
    return new LogLines(
        lowest, Optional.ofNullable(System.getProperty("instella.log")), System.err, LogLines::now);
  }

  /** Not by java.time: its zones look for more of them in every jar of the class path. */
  private static LocalDateTime now() {
    long millis = System.currentTimeMillis();
    ZoneOffset offset = ZoneOffset.ofTotalSeconds(TimeZone.getDefault().getOffset(millis) / 1000);
    return LocalDateTime.ofEpochSecond(
        Math.floorDiv(millis, 1000L), Math.floorMod(millis, 1000) * 1_000_000, offset);
  }

  boolean takes(Level level) {
    return level.toInt() >= lowest.toInt();
  }

  synchronized void write(Level level, String logger, String message, Throwable failure) {
    LocalDateTime now = clock.get();
    Level shown = logger.startsWith(TRAINING) ? Level.WARN : Level.INFO;
    if (level.toInt() >= shown.toInt()) {
      String time = "%02d:%02d:%02d".formatted(now.getHour(), now.getMinute(), now.getSecond());
      console.println(time + " " + (level == Level.INFO ? "" : level + " ") + message);
    }
    StringBuilder line = new StringBuilder();
    line.append(now.toLocalDate()).append(' ');
    line.append(
        "%02d:%02d:%02d,%03d"
            .formatted(now.getHour(), now.getMinute(), now.getSecond(), now.getNano() / 1_000_000));
    line.append(" %-5s [%s] %s: ".formatted(level, Thread.currentThread().getName(), logger));
    line.append(message).append(System.lineSeparator());
    if (failure != null) {
      StringWriter trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace, true));
      line.append(trace);
    }
    file.ifPresent(path -> append(path, line.toString()));
  }

  private void append(String path, String line) {
    try (OutputStream out = new FileOutputStream(path, true)) {
      out.write(line.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      if (!fileFailed) { // once is enough
        fileFailed = true;
        console.println("instella: cannot write the log: " + e.getMessage());
      }
    }
  }
}
