package org.instella.jobs.cluster;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.JobError;

/** How many tasks the cluster can run at once, now. */
public final class Slots {
  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\d+|\\*)(?:,\\d+)?])?");
  private static final Pattern LOCAL_CLUSTER =
      Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,\\s*\\d+\\s*]");
  private static final Duration UNPROMISED = Duration.ofSeconds(8);

  private final JavaSparkContext context;

  Slots(JavaSparkContext context) {
    this.context = context;
  }

  /** Tasks that the registered executors can hold together, busy or not. */
  public int total() {
    SparkContext sc = context.sc();
    if (sc.isStopped()) {
      return 0;
    }
    return sc.maxNumConcurrentTasks(sc.resourceProfileManager().defaultResourceProfile());
  }

  /**
   * Waits until the cluster can hold {@code ranks} tasks. Where master and settings promise fewer,
   * it says so at once; where they promise enough, lost or starting executors get the time of
   * {@code within}; where they promise nothing, eight seconds.
   *
   * @throws EnvironmentException naming what is missing
   */
  public void await(String stage, int ranks, Duration within) {
    OptionalInt promised = promised(context.getConf());
    Duration patience = promised.isPresent() ? within : UNPROMISED;
    long deadline = System.nanoTime() + patience.toNanos();
    int slots = total();
    while (slots < ranks
        && promised.orElse(ranks) >= ranks
        && System.nanoTime() < deadline
        && !context.sc().isStopped()) {
      try {
        TimeUnit.MILLISECONDS.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      slots = total();
    }
    if (context.sc().isStopped()) {
      throw new EnvironmentException(
          JobError.APPLICATION_ENDED,
          "Spark ended the application while %s waited for executors; see the full log"
              .formatted(stage));
    }
    if (slots < ranks && promised.orElse(0) >= ranks) {
      throw new EnvironmentException(
          JobError.MORE_RANKS_THAN_SLOTS,
          ("%s needs %d slot(s), and %s has %d of the %d that the settings ask for: executors did"
                  + " not start, or did not come back; see %s")
              .formatted(stage, ranks, context.master(), slots, promised.getAsInt(), witness()));
    }
    if (slots < ranks) {
      throw tooFew(stage, ranks, context.master(), slots);
    }
  }

  /**
   * Waits until there is a slot at all: a minute more than the context has waited for all of them.
   * Without any, Spark would wait for ever and not say so.
   *
   * @throws EnvironmentException if there is none
   */
  public void awaitAny(String who) {
    long waited =
        context.getConf().getTimeAsSeconds("spark.scheduler.maxRegisteredResourcesWaitingTime");
    await(who, 1, Duration.ofSeconds(Math.min(60, waited)));
  }

  /** Where it is said why executors do not start. */
  private String witness() {
    return context.master().startsWith("k8s:")
        ? "kubectl get pods, kubectl describe pod and kubectl logs"
        : "their logs";
  }

  /**
   * Refuses what cannot work before Spark is started.
   *
   * @throws EnvironmentException naming what is missing, if master and settings promise too few
   */
  static void requirePromised(SparkConf conf, String application, int ranks) {
    int promised = promised(conf).orElse(ranks);
    if (promised < ranks) {
      throw tooFew(application, ranks, conf.get("spark.master"), promised);
    }
  }

  private static EnvironmentException tooFew(String who, int ranks, String master, int slots) {
    return new EnvironmentException(
        JobError.MORE_RANKS_THAN_SLOTS,
        ("%s needs %d slots, one for each rank, but %s offers %d: it lacks %d executor core(s);"
                + " lower the number of ranks, or %s")
            .formatted(who, ranks, master, slots, ranks - slots, remedy(master, ranks)));
  }

  /** The slots that master and settings speak of, where they do. */
  static OptionalInt promised(SparkConf conf) {
    String master = conf.get("spark.master");
    Matcher local = LOCAL.matcher(master);
    if (local.matches()) {
      String threads = local.group(1);
      return OptionalInt.of(
          threads == null
              ? 1
              : threads.equals("*")
                  ? Runtime.getRuntime().availableProcessors()
                  : Integer.parseInt(threads));
    }
    Matcher cluster = LOCAL_CLUSTER.matcher(master);
    if (cluster.matches()) {
      return OptionalInt.of(
          Integer.parseInt(cluster.group(1)) * Integer.parseInt(cluster.group(2)));
    }
    if (conf.contains("spark.cores.max")) {
      return OptionalInt.of(conf.getInt("spark.cores.max", 0) / conf.getInt("spark.task.cpus", 1));
    }
    if (conf.contains("spark.executor.instances")) {
      int each = conf.getInt("spark.executor.cores", 1) / conf.getInt("spark.task.cpus", 1);
      return OptionalInt.of(conf.getInt("spark.executor.instances", 0) * each);
    }
    return OptionalInt.empty();
  }

  private static String remedy(String master, int ranks) {
    if (LOCAL_CLUSTER.matcher(master).matches()) {
      return "take --master local-cluster[%d,1,2048]".formatted(ranks);
    }
    if (LOCAL.matcher(master).matches()) {
      return "take --master local[%d]".formatted(ranks);
    }
    return "ask for more with spark.cores.max, or spark.executor.instances and spark.executor.cores";
  }
}
