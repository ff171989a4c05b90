package org.instella.jobs.command;

import org.instella.jobs.JobKind;
import picocli.CommandLine.Command;

/** A fresh model folder. */
@Command(
    name = "init",
    description = "Writes a freshly initialised model folder.",
    footer = {"%nExample:", "  instella init --conf model.conf --set init.seed=1 --output fresh"})
final class InitCommand extends JobCommand {
  @Override
  JobKind kind() {
    return JobKind.INIT;
  }
}
