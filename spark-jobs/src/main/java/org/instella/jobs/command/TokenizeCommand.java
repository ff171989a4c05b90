package org.instella.jobs.command;

import org.instella.conf.error.ConfigurationException;
import org.instella.conf.storage.Storage;
import org.instella.jobs.Job;
import org.instella.jobs.JobError;
import org.instella.jobs.JobKind;
import org.instella.jobs.TokenizeJob;
import org.instella.tokenize.estimate.SampleSize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Documents to token shards. */
@Command(
    name = "tokenize",
    description = "Turns documents into token shards, one data set per source.",
    footer = {
      "%nExamples:",
      "  instella tokenize --conf corpus.conf --output /data/tokens",
      "  instella tokenize --conf corpus.conf --dry-run --cores 256",
      "  instella tokenize --set tokenize.tokenizer=tokenizer.json --output tokens \\",
      "      --set tokenize.folders=[documents]"
    })
final class TokenizeCommand extends JobCommand {
  @Option(
      names = "--dry-run",
      description =
          "Estimate tokens, shards, disk and time of every source from a sample; write nothing.")
  private boolean dryRun;

  @Option(
      names = "--sample-places",
      paramLabel = "N",
      description = "Places of a source that a dry run looks at; default 16.")
  private int places = SampleSize.STANDARD.places();

  @Option(
      names = "--sample-bytes",
      paramLabel = "BYTES",
      description = "Stored bytes that a dry run reads at each; default 1048576.")
  private long bytes = SampleSize.STANDARD.bytes();

  @Option(
      names = "--sample-seed",
      paramLabel = "SEED",
      description = "Another seed looks at other places; default 0.")
  private long seed = SampleSize.STANDARD.seed();

  @Option(
      names = "--cores",
      paramLabel = "N",
      description = "Cores that the job will have, for the time of a dry run; default those here.")
  private int cores = Runtime.getRuntime().availableProcessors();

  @Override
  JobKind kind() {
    return JobKind.TOKENIZE;
  }

  @Override
  boolean needsOutput() {
    return !dryRun;
  }

  @Override
  boolean foretell(Job job, Storage storage) {
    if (!dryRun) {
      return false;
    }
    if (places < 1 || bytes < 1 || cores < 1) {
      throw new ConfigurationException(
          JobError.BAD_COMMAND_LINE,
          "--sample-places %d, --sample-bytes %d, --cores %d: each must be at least 1"
              .formatted(places, bytes, cores));
    }
    SampleSize size = new SampleSize(places, bytes, seed);
    ((TokenizeJob) job).estimate(storage, size).print(spec.commandLine().getOut(), cores);
    return true;
  }
}
