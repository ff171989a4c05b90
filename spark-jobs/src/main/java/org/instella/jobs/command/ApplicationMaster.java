package org.instella.jobs.command;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.progress.StopSignal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a driver inside YARN's application master ends ({@code --deploy-mode cluster}). It may not
 * call {@code System.exit}: YARN takes that for a crash, also with 0, and starts the whole
 * application again. A failure is thrown instead; its text becomes the application's diagnostics,
 * where the launcher finds exit code and message.
 *
 * <p>YARN starts a failed application again whatever it failed with. Where another attempt would
 * meet the same (a wrong recipe, a damaged input) or must not be (a stop that was asked for), the
 * outcome is left in the application's staging folder, and the next attempt ends with it at once.
 *
 * <p>A signal cannot ask for a stop: YARN sends it to the shell around the driver too, takes the
 * end of the shell for that of the container, and kills what is left. A file in the staging folder
 * does.
 */
final class ApplicationMaster {
  private static final Logger log = LoggerFactory.getLogger(ApplicationMaster.class);
  private static final String STAGING = "SPARK_YARN_STAGING_DIR";
  private static final String OUTCOME = "instella-outcome";
  private static final String STOP = "instella-stop";
  private static final long LOOK_EVERY_MILLIS = 2000;

  private ApplicationMaster() {}

  /** A command that failed; no stack trace, as its text is for people. */
  static final class Ended extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Ended(String outcome) {
      super(outcome, null, false, false);
    }
  }

  /** Whether this process is one. */
  static boolean isThis() {
    return "cluster".equals(System.getProperty("spark.submit.deployMode"))
        && System.getProperty("spark.master", "").startsWith("yarn")
        && System.getenv(STAGING) != null;
  }

  /** Runs a command; returns when it is done. */
  static void run(String... arguments) {
    run(Storage.standard(), Location.of(System.getenv(STAGING)), Instella::run, arguments);
  }

  /** What runs a command and gives its exit code. */
  interface Runner {
    int run(PrintWriter out, PrintWriter err, String... arguments);
  }

  static void run(Storage storage, Location staging, Runner runner, String... arguments) {
    Location file = staging.resolve(OUTCOME);
    Optional<String> before = before(storage, file);
    if (before.isPresent()) {
      System.err.println("instella: an attempt before this one ended with " + before.get());
      throw new Ended(before.get());
    }
    StringWriter said = new StringWriter();
    Thread watch = new Thread(() -> awaitStop(storage, staging.resolve(STOP)), "stop-watch");
    watch.setDaemon(true);
    watch.start();
    int code =
        runner.run(
            new PrintWriter(System.out, true, StandardCharsets.UTF_8), both(said), arguments);
    watch.interrupt();
    if (code == 0) {
      return;
    }
    String outcome = "exit code %d: %s".formatted(code, said.toString().strip());
    if (code != ErrorCategory.ENVIRONMENT.exitCode()) {
      leave(storage, file, outcome);
    }
    throw new Ended(outcome);
  }

  private static void awaitStop(Storage storage, Location file) {
    try {
      while (!isThere(storage, file)) {
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      }
      log.warn("asked to stop by {}: saving and stopping", file);
      StopSignal.request();
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isThere(Storage storage, Location file) {
    try {
      return storage.exists(file);
    } catch (InstellaException e) {
      log.debug("not known whether to stop file={}", file, e);
      return false;
    }
  }

  private static Optional<String> before(Storage storage, Location file) {
    try {
      return storage.exists(file) ? Optional.of(storage.readText(file)) : Optional.empty();
    } catch (InstellaException e) {
      log.warn("outcome of the attempt before not read file={} reason={}", file, e.getMessage());
      return Optional.empty();
    }
  }

  private static void leave(Storage storage, Location file, String outcome) {
    try {
      storage.writeText(file, outcome);
    } catch (InstellaException e) {
      log.warn("outcome not left for the next attempt file={} reason={}", file, e.getMessage());
    }
  }

  /** To the container's log and to {@code said}. */
  private static PrintWriter both(StringWriter said) {
    return new PrintWriter(
        new Writer() {
          @Override
          public void write(char[] text, int from, int count) {
            said.write(text, from, count);
            System.err.print(new String(text, from, count));
          }

          @Override
          public void flush() {
            System.err.flush();
          }

          @Override
          public void close() {}
        },
        true);
  }
}
