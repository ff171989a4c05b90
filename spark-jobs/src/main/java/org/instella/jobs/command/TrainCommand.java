package org.instella.jobs.command;

import org.instella.jobs.JobKind;
import picocli.CommandLine.Command;

/** One training stage. */
@Command(
    name = "train",
    description = "Runs one training stage; goes on from the newest checkpoint in --output.",
    footer = {
      "%nEmbedded, one rank is a thread of this process; several are executor processes of their own.",
      "Ctrl-C or SIGTERM writes a checkpoint and ends with exit code 5; the same command goes on.",
      "%nExamples:",
      "  instella train --conf stage1.conf --output runs/stage1",
      "  instella train --conf stage1.conf --set train.ranks=2 --output runs/stage1"
    })
final class TrainCommand extends JobCommand {
  @Override
  JobKind kind() {
    return JobKind.TRAIN;
  }
}
