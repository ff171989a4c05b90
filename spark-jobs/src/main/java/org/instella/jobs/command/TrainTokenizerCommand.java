package org.instella.jobs.command;

import org.instella.jobs.JobKind;
import picocli.CommandLine.Command;

/** A tokenizer from documents. */
@Command(
    name = "train-tokenizer",
    description = "Trains a byte-level BPE tokenizer on documents; writes tokenizer.json.",
    footer = {
      "%nExample:",
      "  instella train-tokenizer --set train-tokenizer.vocabulary-size=32000 \\",
      "      --set train-tokenizer.folders=[documents] --output tokenizer"
    })
final class TrainTokenizerCommand extends JobCommand {
  @Override
  JobKind kind() {
    return JobKind.TRAIN_TOKENIZER;
  }
}
