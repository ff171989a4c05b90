package org.instella.jobs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.barrier.BarrierStage;
import org.instella.jobs.barrier.Restarts;
import org.instella.jobs.chaos.ChaosConfig;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.progress.ProgressChannel;
import org.instella.jobs.report.TrainReport;
import org.instella.train.DataConfig;
import org.instella.train.HeldOutConfig;
import org.instella.train.StartConfig;
import org.instella.train.TrainConfig;
import org.instella.train.TrainResult;
import org.instella.train.TrainRun;
import org.instella.train.Trainer;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.journal.RunFiles;
import org.instella.train.parallel.Rank;

/**
 * One training stage as a barrier stage: every rank runs a {@link Trainer}, which finds the newest
 * checkpoint by itself; when a rank is lost, all start again with the next generation.
 *
 * @param ranks processes that train together
 * @param restarts restarts allowed without a new checkpoint between them
 * @param chaos faults that the run injects into itself, if it was asked to
 * @param section the settings for executors
 */
public record TrainJob(
    TrainConfig config, int ranks, int restarts, Optional<ChaosConfig> chaos, Section section)
    implements Job {
  /** Settings of the run, not of the result: they stand in no manifest. */
  private static final List<String> OURS = List.of("ranks", "restarts", "output");

  private static final String CHAOS = "chaos.";
  private static final String START_PATH = "start.path";

  /** Reads a section {@code train}. */
  public static TrainJob from(Settings train, Section section) {
    int ranks = train.integer("ranks", "processes that train together").atLeast(1).orElse(1);
    int restarts =
        train
            .integer("restarts", "restarts allowed without a new checkpoint between them")
            .atLeast(0)
            .orElse(10);
    Optional<ChaosConfig> chaos =
        train.optionalSection("chaos", "faults on purpose").map(ChaosConfig::from);
    TrainConfig config = TrainConfig.from(train);
    if (config.microBatches() % ranks != 0) {
      train.problem(
          "ranks",
          "must divide the %d micro-batches of a step (global-batch / micro-batch)"
              .formatted(config.microBatches()));
    }
    return new TrainJob(config, ranks, restarts, chaos, section);
  }

  @Override
  public List<Location> inputs() {
    List<Location> inputs = new ArrayList<>();
    config.data().sources().stream().map(DataConfig.Source::path).forEach(inputs::add);
    config.heldOut().map(HeldOutConfig::sources).orElse(List.of()).stream()
        .map(DataConfig.Source::path)
        .forEach(inputs::add);
    config.tokenizer().ifPresent(inputs::add);
    config.start().path().ifPresent(inputs::add);
    return inputs;
  }

  @Override
  public int slots(int total) {
    return ranks;
  }

  @Override
  public JobResult run(JobContext context) {
    Location output = context.output();
    Section ready = withNewestCheckpoint(context.storage());
    String topic = "train-" + output.uri();
    Checkpoints checkpoints = new Checkpoints(context.storage(), output);
    try (TrainProgress progress = TrainProgress.open(context)) {
      Restarts policy =
          Restarts.atMost(restarts)
              .withSilence(silence())
              .withProgress(() -> newest(checkpoints))
              .withListener(progress::lost);
      Cluster cluster = context.cluster().get();
      BarrierStage stage = new BarrierStage(cluster, context.name(), ranks, policy);
      try (TrainFaults faults = TrainFaults.of(chaos, cluster, stage.register(), context);
          var subscription = ProgressChannel.listen(topic, faults.and(progress::hear))) {
        List<TrainSummary> results = stage.run(rank -> train(ready, output, topic, rank));
        return new JobResult(output.resolve(RunFiles.MODEL), results.get(0).text());
      } catch (InstellaException e) {
        progress.ended(e);
        throw e;
      } finally {
        TrainReport.writeQuietly(context.storage(), output);
      }
    }
  }

  /** Ranks see each other's silence first; the driver steps in for those that have not met yet. */
  private Duration silence() {
    return config.group().silence().plusSeconds(5);
  }

  /** What a rank brings home. */
  private record TrainSummary(String text) implements java.io.Serializable {}

  private static TrainSummary train(Section section, Location output, String topic, Rank rank) {
    TrainResult result =
        Trainer.run(
            TrainConfig.from(section.open()),
            new TrainRun(
                rank,
                Storage.standard(),
                output,
                recipe(section),
                new TrainEvents(topic),
                ProgressChannel::stopRequested));
    return new TrainSummary("step %,d, loss %.4f".formatted(result.step(), result.loss()));
  }

  private static SortedMap<String, String> recipe(Section section) {
    SortedMap<String, String> recipe = new TreeMap<>(section.resolved());
    OURS.forEach(recipe::remove);
    recipe.keySet().removeIf(key -> key.startsWith(CHAOS));
    return recipe;
  }

  /** A start from another run means its newest checkpoint. */
  private Section withNewestCheckpoint(Storage storage) {
    if (config.start().from() != StartConfig.From.CHECKPOINT) {
      return section;
    }
    Location path = config.start().path().orElseThrow();
    List<Checkpoints.Found> found = new Checkpoints(storage, path).newestFirst();
    if (!found.isEmpty()) {
      return section.with(START_PATH, found.get(0).folder().uri());
    }
    if (!storage.exists(path)) {
      throw new DataException(
          JobError.BAD_INPUT, "train.start.path = %s: not found".formatted(path));
    }
    return section; // a checkpoint itself
  }

  private static String newest(Checkpoints checkpoints) {
    return checkpoints.newestFirst().stream()
        .findFirst()
        .map(found -> found.folder().name())
        .orElse("");
  }
}
