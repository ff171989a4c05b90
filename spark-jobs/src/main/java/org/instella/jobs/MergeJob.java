package org.instella.jobs;

import java.util.List;
import java.util.stream.IntStream;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.CheckpointMerger;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.Parents;
import org.instella.jobs.cluster.ParallelStage;
import org.instella.jobs.progress.ProgressChannel;
import org.instella.jobs.progress.StopSignal;

/**
 * Model folders to one. A result of one weights file is merged in this process, by threads; one of
 * many files by one task each.
 */
public record MergeJob(MergeConfig config) implements Job {

  /** Reads a section {@code merge}. */
  public static MergeJob from(Settings merge) {
    return new MergeJob(MergeConfig.from(merge));
  }

  @Override
  public List<Location> inputs() {
    return config.folders().stream().map(Location::of).toList();
  }

  @Override
  public int slots(int total) {
    return total;
  }

  @Override
  public JobResult run(JobContext context) {
    Location output = context.output();
    try (CheckpointMerger merger =
        CheckpointMerger.open(
            context.storage(), config, Parents.READ_ONCE, StopSignal::requested)) {
      Manifest manifest =
          merger.shards().size() == 1 ? merger.merge(output) : mergeShards(context, merger);
      return new JobResult(
          output,
          "%d models, %,d parameters, digest %s"
              .formatted(
                  config.folders().size(),
                  manifest.longFact("parameters"),
                  manifest.digest().substring(0, 12)));
    }
  }

  private Manifest mergeShards(JobContext context, CheckpointMerger merger) {
    MergeConfig settings = config;
    Location output = context.output();
    List<Integer> shards = IntStream.range(0, merger.shards().size()).boxed().toList();
    context.storage().requireAbsent(output);
    try {
      ParallelStage.run(
          context.cluster().get(),
          context.name(),
          shards,
          shard -> {
            try (CheckpointMerger task =
                CheckpointMerger.open(
                    Storage.standard(),
                    settings,
                    Parents.READ_ONCE,
                    ProgressChannel::stopRequested)) {
              task.writeShard(output, shard);
            }
            return shard;
          });
      return merger.publish(output);
    } catch (StoppedException e) {
      StoppedException told = merger.stopped(output, e);
      merger.cleanUp(output, told);
      throw told;
    } catch (RuntimeException e) {
      merger.cleanUp(output, e);
      throw e;
    }
  }
}
