package org.instella.jobs.cluster;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Location;
import org.instella.jobs.JobError;
import org.instella.jobs.progress.ProgressPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A running Spark application. Without a master it is embedded: threads of this process, or real
 * executor processes where several ranks must be able to die one by one.
 */
public final class Cluster implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Cluster.class);
  private static final String EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions";

  /**
   * Loops that are short of registers keep the rest on the stack, not in vector registers: gzip is
   * unpacked a fifth faster (decision 0011). The launcher gives it to the driver.
   */
  private static final String SPILLING = "-XX:+IgnoreUnrecognizedVMOptions -XX:-UseFPUForSpilling";

  private final JavaSparkContext context;
  private final List<AutoCloseable> owned;
  private final AtomicBoolean ended = new AtomicBoolean();

  private Cluster(JavaSparkContext context, List<AutoCloseable> owned) {
    this.context = context;
    this.owned = owned;
    context
        .sc()
        .addSparkListener(
            new SparkListener() {
              @Override
              public void onApplicationEnd(SparkListenerApplicationEnd end) {
                ended.set(true);
              }
            });
  }

  /**
   * Starts the application.
   *
   * @param ranks ranks of the widest barrier stage it will run; 1 when it runs none
   */
  public static Cluster open(String application, ClusterConfig config, int ranks) {
    List<AutoCloseable> owned = new ArrayList<>();
    SparkConf conf = conf(application, config, ranks);
    try {
      if (conf.get("spark.master").startsWith("local-cluster")) {
        EmbeddedSparkHome home = EmbeddedSparkHome.create();
        owned.add(home);
        home.shareClasses(conf);
      }
      Slots.requirePromised(conf, application, ranks);
      return new Cluster(new JavaSparkContext(conf), owned);
    } catch (EnvironmentException e) {
      owned.forEach(Cluster::closeQuietly);
      throw e;
    } catch (Exception | LinkageError e) { // Scala throws checked ones without declaring them
      owned.forEach(Cluster::closeQuietly);
      throw new EnvironmentException(
          JobError.SPARK_FAILED,
          "Spark did not start with master %s: %s"
              .formatted(
                  conf.get("spark.master"),
                  (e.getMessage() == null ? e.toString() : e.getMessage())
                      .lines()
                      .findFirst()
                      .orElse("")),
          e);
    }
  }

  /** What Spark is told: the recipe's properties, and ours where it says nothing. */
  static SparkConf conf(String application, ClusterConfig config, int ranks) {
    SparkConf conf = new SparkConf();
    conf.setAppName(application);
    config.properties().forEach(conf::set);
    if (!new SparkConf().contains("spark.master")) { // spark-submit knows best
      config.master().ifPresent(conf::setMaster);
    }
    conf.setIfMissing("spark.master", embeddedMaster(ranks));
    setDefaults(conf);
    if (ranks > 1) {
      conf.setIfMissing(ProgressPlugin.PRELOAD, "true");
    }
    if (conf.get("spark.master").startsWith("local")) {
      setEmbeddedDefaults(conf);
    }
    return conf;
  }

  /** One rank needs no process of its own; several do, so that one can die alone. */
  private static String embeddedMaster(int ranks) {
    return ranks > 1
        ? "local-cluster[%d,1,2048]".formatted(ranks)
        : "local[%d]".formatted(Runtime.getRuntime().availableProcessors());
  }

  private static void setDefaults(SparkConf conf) {
    String plugins = conf.get("spark.plugins", "");
    String ours = ProgressPlugin.class.getName();
    conf.set("spark.plugins", plugins.isEmpty() ? ours : plugins + "," + ours);
    conf.setIfMissing("spark.ui.showConsoleProgress", "false");
    conf.setIfMissing("spark.dynamicAllocation.enabled", "false"); // excluded by barrier stages
    // The context waits for its executors; a barrier job then need not lose its first slot check.
    conf.setIfMissing("spark.scheduler.minRegisteredResourcesRatio", "1.0");
    // Pods may have to wait for an image of gigabytes.
    boolean pods = conf.get("spark.master").startsWith("k8s:");
    conf.setIfMissing("spark.scheduler.maxRegisteredResourcesWaitingTime", pods ? "300s" : "60s");
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "20");
    conf.setIfMissing("spark.barrier.sync.timeout", "120");
    // YARN and Kubernetes end the driver after a few lost executors, however long ago and whatever
    // was done since. Restarts are bounded by ours; what is left to them is pods that never start.
    int executors = Slots.promised(conf).orElse(1);
    conf.setIfMissing(
        "spark.executor.maxNumFailures", String.valueOf(10 * Math.max(10, executors)));
    conf.setIfMissing("spark.executor.failuresValidityInterval", "1h");
    // A survivor that does not notice the end of its stage must not hold a slot of the next one.
    conf.setIfMissing("spark.task.reaper.enabled", "true");
    conf.setIfMissing("spark.task.reaper.killTimeout", "10s");
    conf.setIfMissing("spark.executorEnv.OPT_OUT_TRACKING", "true");
    // Executors read the recipe again, in folders of their own: "../data" must mean the same there.
    String folder =
        Path.of(System.getProperty(Location.WORKING_FOLDER, "")).toAbsolutePath().toString();
    addExecutorOptions(conf, SPILLING + " \"-D%s=%s\"".formatted(Location.WORKING_FOLDER, folder));
  }

  /** Ours come first: of two that contradict each other the JVM takes the last. */
  static void addExecutorOptions(SparkConf conf, String options) {
    conf.set(EXECUTOR_OPTIONS, (options + " " + conf.get(EXECUTOR_OPTIONS, "")).strip());
  }

  private static void setEmbeddedDefaults(SparkConf conf) {
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.driver.host", "localhost");
    conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
    if (!conf.get("spark.master").startsWith("local-cluster")) {
      return;
    }
    conf.set("spark.executorEnv.SPARK_LOCAL_IP", "127.0.0.1");
    conf.set("spark.executorEnv.SPARK_LOCAL_HOSTNAME", "localhost");
    // The context measures "all executors are there" against this.
    conf.setIfMissing("spark.cores.max", String.valueOf(Slots.promised(conf).orElse(1)));
    // Executors may be lost as often as the restarts of a stage allow.
    conf.setIfMissing("spark.deploy.maxExecutorRetries", "-1");
    conf.setIfMissing("spark.executor.heartbeatInterval", "5s");
    conf.setIfMissing("spark.network.timeout", "60s");
    conf.setIfMissing("spark.network.timeoutInterval", "5s");
    boolean collectorChosen =
        conf.get(EXECUTOR_OPTIONS, "").matches(".*-XX:\\+Use[A-Za-z0-9]+GC\\b.*");
    addExecutorOptions(
        conf,
        "-Dai.djl.offline=true"
            + (collectorChosen ? "" : " -XX:+UseSerialGC") // two would be refused
            + " -Dlog4j2.configurationFile=classpath:instella-executor-log4j2.xml");
  }

  public JavaSparkContext context() {
    return context;
  }

  public Slots slots() {
    return new Slots(context);
  }

  /** Whether the ranks are processes of their own that this process has started. */
  public boolean ownsProcesses() {
    return context.master().startsWith("local-cluster");
  }

  /** Spark's names of the executors that are registered now; none where ranks are threads. */
  public List<String> executors() {
    if (context.isLocal()) {
      return List.of();
    }
    return CollectionConverters.asJava(context.sc().getExecutorIds());
  }

  /**
   * Ends an executor that hangs; the cluster starts another in its place.
   *
   * @param process its process where that is one of ours: a frozen process must be killed outright,
   *     and Spark's own worker would first ask it for ten seconds
   */
  public void replaceExecutor(String executor, Optional<ProcessHandle> process) {
    if (process.isPresent()) {
      process.get().destroyForcibly();
    } else if (!context.sc().killAndReplaceExecutor(executor)) {
      log.warn("executor {} could not be replaced; Spark drops it when it stays silent", executor);
    }
  }

  /** Ends the jobs of a group; one that has ended as a whole has none left. */
  public void cancel(String group) {
    try {
      context.cancelJobGroup(group);
    } catch (IllegalStateException stopped) {
      log.debug("group {} not cancelled", group, stopped);
    }
  }

  /** True once Spark has ended the application, for whatever reason. */
  public boolean ended() {
    return ended.get() || context.sc().isStopped();
  }

  @Override
  public void close() {
    context.close();
    owned.forEach(Cluster::closeQuietly);
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      log.debug("not closed: {}", resource, e);
    }
  }
}
