package org.instella.jobs.command;

import java.util.ArrayList;
import java.util.List;
import org.instella.jobs.JobKind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One training stage. */
@Command(
    name = "train",
    description = "Runs one training stage; goes on from the newest checkpoint in --output.",
    footer = {
      "%nEmbedded, one rank is a thread of this process; several are executor processes of their own.",
      "Ctrl-C or SIGTERM writes a checkpoint and ends with exit code 5; the same command goes on.",
      "%nExamples:",
      "  instella train --conf stage1.conf --output runs/stage1",
      "  instella train --conf stage1.conf --set train.ranks=2 --output runs/stage1",
      "  instella train --conf stage1.conf --set train.ranks=2 --output runs/drill --chaos"
    })
final class TrainCommand extends JobCommand {
  @Option(
      names = "--chaos",
      description =
          "Kill and freeze ranks of this run on purpose, by the recipe's section train.chaos or"
              + " every 30 seconds: a drill. Embedded ranks only.")
  private boolean chaos;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description =
          "cpu, gpu (each rank computes on the card that Spark gave its task) or gpu:N; overrides"
              + " train.compute.device. A card that is missing is an error, never the CPU instead.")
  private String device;

  @Override
  JobKind kind() {
    return JobKind.TRAIN;
  }

  @Override
  List<String> settings() {
    List<String> settings = new ArrayList<>();
    if (chaos) {
      settings.add("chaos.asked=true");
    }
    if (device != null) {
      settings.add("compute.device=" + Hocon.text(device));
    }
    return settings;
  }
}
