package org.instella.jobs.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.jobs.barrier.RankProcess;
import org.instella.jobs.barrier.RankRegister;
import org.instella.jobs.cluster.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kills and freezes ranks of a run from the driver, one fault after the other at a fixed pace, and
 * writes down how long each took to heal. It only ever touches processes that this driver has
 * started itself.
 */
public final class Chaos implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Chaos.class);
  private static final String UNFINISHED = "._staging-step-";

  private final ChaosConfig config;
  private final RankRegister ranks;
  private final Storage storage;
  private final Location output;
  private final FaultLog faults;
  private final Random random;
  private final Set<Long> frozen = new HashSet<>();
  private final Thread thread;
  private volatile boolean over;

  private Chaos(ChaosConfig config, RankRegister ranks, Storage storage, Location output) {
    this.config = config;
    this.ranks = ranks;
    this.storage = storage;
    this.output = output;
    this.faults = new FaultLog(storage, output);
    this.random = new Random(config.seed());
    this.thread = new Thread(this::run, "instella-chaos");
    thread.setDaemon(true);
  }

  /**
   * Begins to injure the ranks of a stage.
   *
   * @param output folder of the run, where {@code chaos.jsonl} is kept
   * @throws ConfigurationException if the ranks are not processes of this driver
   */
  public static Chaos start(
      ChaosConfig config, Cluster cluster, RankRegister ranks, Storage storage, Location output) {
    if (!cluster.ownsProcesses()) {
      throw new ConfigurationException(
          JobError.BAD_SETTING,
          "train.chaos kills ranks that are processes of their own on this machine, but the master is %s; leave --master out and take train.ranks = 2 or more, or take --master local-cluster[1,1,2048]"
              .formatted(cluster.context().master()));
    }
    Chaos chaos = new Chaos(config, ranks, storage, output);
    log.warn(
        "chaos: as asked, ranks of this run will be injured every {} s, kinds={} seed={}{}",
        config.every().toMillis() / 1000.0,
        config.kinds(),
        config.seed(),
        config.atMost().map(most -> " at-most=" + most).orElse(""));
    chaos.thread.start();
    return chaos;
  }

  /** The run has begun a generation at a step. */
  public void began(int generation, long firstStep) {
    faults.began(generation, firstStep);
  }

  /** The run has made a step. */
  public void stepped(long step) {
    faults.stepped(step);
  }

  private void run() {
    try {
      while (!over && !faults.runs()) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      long due = System.nanoTime();
      for (int number = 1; !over && number <= config.atMost().orElse(Integer.MAX_VALUE); number++) {
        due += config.every().toNanos();
        sleepUntil(due);
        inject(config.kinds().get((number - 1) % config.kinds().size()), number);
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.warn("chaos ended reason={}", e.toString(), e);
    }
  }

  private void inject(Fault fault, int number) throws InterruptedException {
    if (fault == Fault.KILL_WHILE_SAVING) {
      awaitUnfinishedCheckpoint();
    }
    while (!over) {
      Optional<RankProcess> victim = anyRank();
      Optional<ProcessHandle> process = victim.flatMap(RankProcess::ownChild);
      if (process.isPresent()) {
        faults.injected(number, fault, victim.get());
        if (fault == Fault.STOP) {
          freeze(process.get());
        } else {
          process.get().destroyForcibly();
        }
        return;
      }
      TimeUnit.MILLISECONDS.sleep(5); // between two generations
    }
  }

  private Optional<RankProcess> anyRank() {
    List<RankProcess> running = ranks.running();
    return running.isEmpty()
        ? Optional.empty()
        : Optional.of(running.get(random.nextInt(running.size())));
  }

  /** Java has no word for SIGSTOP; every POSIX system has the command. */
  private void freeze(ProcessHandle process) throws InterruptedException {
    try {
      frozen.add(process.pid());
      new ProcessBuilder("kill", "-STOP", String.valueOf(process.pid())).start().waitFor();
    } catch (java.io.IOException e) {
      log.warn("chaos: cannot send SIGSTOP reason={}", e.getMessage());
    }
  }

  /** Until files of a checkpoint are there, or the time for this fault is over. */
  private void awaitUnfinishedCheckpoint() throws InterruptedException {
    Set<String> known = new HashSet<>(unfinished());
    long deadline = System.nanoTime() + config.every().toNanos();
    while (!over && System.nanoTime() < deadline) {
      if (unfinished().stream().anyMatch(name -> !known.contains(name))) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  private List<String> unfinished() {
    List<String> names = new ArrayList<>();
    if (storage.exists(output)) {
      for (FileEntry entry : storage.list(output)) {
        if (entry.location().name().startsWith(UNFINISHED)) {
          names.add(entry.location().name());
        }
      }
    }
    return names;
  }

  private void sleepUntil(long nanoTime) throws InterruptedException {
    long left = nanoTime - System.nanoTime();
    if (left > 0 && !over) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
  }

  /** Ends the injuries, and every process that was frozen and has not been replaced. */
  @Override
  public void close() {
    over = true;
    thread.interrupt();
    try {
      thread.join(Duration.ofSeconds(5).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ProcessHandle.current()
        .descendants()
        .filter(process -> frozen.contains(process.pid()))
        .forEach(ProcessHandle::destroyForcibly);
    faults.summarise();
    faults.close();
  }
}
