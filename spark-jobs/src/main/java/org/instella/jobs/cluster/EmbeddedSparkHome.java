package org.instella.jobs.cluster;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.JobError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Spark home without Spark's 300 MB: its {@code jars} folder holds one empty jar whose manifest
 * names the class path of this process, so that executors started from it see the same classes. The
 * executors' working folders and logs lie in it too; it is removed with the cluster.
 *
 * <p>Spark's worker takes its home from the environment only, so the launcher (and the test
 * configuration) name a folder of this process there, which need not exist before.
 */
final class EmbeddedSparkHome implements AutoCloseable {
  /** Names the file of the launcher's class archive, where there is one. */
  private static final String ARCHIVE = "instella.class-archive";

  private static final String CLASS_PATH = "spark.executor.extraClassPath";
  private static final String VARIABLE = "SPARK_HOME";
  private static final String JAR = "instella-class-path.jar";

  private static final Logger log = LoggerFactory.getLogger(EmbeddedSparkHome.class);

  private final Path folder;

  private EmbeddedSparkHome(Path folder) {
    this.folder = folder;
  }

  static EmbeddedSparkHome create() {
    String home = System.getenv(VARIABLE);
    if (home == null || System.getenv("SPARK_SCALA_VERSION") == null) {
      throw new EnvironmentException(
          JobError.SPARK_FAILED,
          "SPARK_HOME and SPARK_SCALA_VERSION must be set for executor processes; start through bin/instella");
    }
    Path folder = Path.of(home);
    Path jars = folder.resolve("jars");
    try {
      if (Files.isDirectory(jars) && !Files.exists(jars.resolve(JAR))) {
        return new EmbeddedSparkHome(null); // a whole Spark home of the user's: used, not touched
      }
      Files.createDirectories(jars);
      Manifest manifest = new Manifest();
      manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
      manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPathUris());
      try (var out = new JarOutputStream(Files.newOutputStream(jars.resolve(JAR)), manifest)) {
        out.finish();
      }
      return new EmbeddedSparkHome(folder);
    } catch (IOException e) {
      throw new EnvironmentException(
          JobError.SPARK_FAILED, "Cannot make the folder %s: %s".formatted(folder, e), e);
    }
  }

  /**
   * Lets executors take their classes from the archive of this process, if it has one: the JVM
   * demands that their class path begins with that of the archive, jar by jar.
   */
  void shareClasses(SparkConf conf) {
    String archive = System.getProperty(ARCHIVE);
    if (archive != null && folder != null && !conf.contains(CLASS_PATH)) {
      conf.set(CLASS_PATH, System.getProperty("java.class.path"));
      Cluster.addExecutorOptions(
          conf, "-Xshare:auto -Xlog:cds*=off \"-XX:SharedArchiveFile=%s\"".formatted(archive));
    }
  }

  /** Surefire runs tests from a jar of its own and keeps the real class path in a property. */
  private static String classPathUris() {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Stream.of(classPath.split(File.pathSeparator))
        .filter(entry -> !entry.isEmpty())
        .map(entry -> new File(entry).toURI().toString())
        .collect(Collectors.joining(" "));
  }

  @Override
  public void close() {
    if (folder == null) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException | UncheckedIOException e) {
      // An executor that is just ending may still write into it; it is a temporary folder.
      log.debug("not removed: {}", folder, e);
    }
  }
}
