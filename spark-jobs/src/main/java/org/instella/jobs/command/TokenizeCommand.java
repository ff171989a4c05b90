package org.instella.jobs.command;

import org.instella.jobs.JobKind;
import picocli.CommandLine.Command;

/** Documents to token shards. */
@Command(
    name = "tokenize",
    description = "Turns documents into token shards, one data set per source.",
    footer = {
      "%nExamples:",
      "  instella tokenize --conf corpus.conf --output /data/tokens",
      "  instella tokenize --set tokenize.tokenizer=tokenizer.json --output tokens \\",
      "      --set tokenize.folders=[documents]"
    })
final class TokenizeCommand extends JobCommand {
  @Override
  JobKind kind() {
    return JobKind.TOKENIZE;
  }
}
