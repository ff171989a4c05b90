package org.instella.jobs.command;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.model.DecoderLanguageModel;
import org.instella.eval.model.ModelSpec;
import org.instella.eval.model.PairFile;
import org.instella.eval.model.ScoringNetwork;
import org.instella.eval.model.TokenLanguageModel;
import org.instella.tokenize.bpe.Tokenizers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Log-probabilities of continuations. */
@Command(
    name = "score",
    description = {
      "Scores {\"context\",\"continuation\"} lines: {\"logprob\",\"is_greedy\",\"tokens\"} out, in order."
    },
    footer = {
      "%nExample:",
      "  instella score --model merged --input pairs.jsonl --output scores.jsonl"
    })
final class ScoreCommand implements Callable<Integer> {
  @Option(names = "--model", required = true, paramLabel = "FOLDER", description = "Model folder.")
  private Location model;

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description = "tokenizer.json, for a model folder without one.")
  private Location tokenizer;

  @Option(names = "--input", required = true, paramLabel = "FILE", description = "JSON lines.")
  private Location input;

  @Option(names = "--output", required = true, paramLabel = "FILE", description = "JSON lines.")
  private Location output;

  @Option(names = "--device", defaultValue = "cpu", description = "cpu, gpu or gpu:N.")
  private String device;

  @Option(names = "--threads", defaultValue = "1", description = "Of libtorch; default 1.")
  private int threads;

  @Option(names = "--debug", description = "Print the stack trace of a failure.")
  private boolean debug;

  @Override
  public Integer call() throws IOException {
    Storage storage = Storage.standard();
    ModelSpec spec =
        ModelSpec.of(model.name(), model, threads)
            .withTokenizer(Optional.ofNullable(tokenizer))
            .withDevice(device);
    boolean hasTokenizer = tokenizer != null || storage.exists(model.resolve(Tokenizers.FILE_NAME));
    Location staging = storage.staging(output);
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(storage.open(input), StandardCharsets.UTF_8))) {
      try (BufferedWriter out =
          new BufferedWriter(
              new OutputStreamWriter(storage.create(staging), StandardCharsets.UTF_8))) {
        Iterable<String> lines = () -> in.lines().iterator();
        if (hasTokenizer) {
          try (TokenLanguageModel opened = DecoderLanguageModel.open(storage, spec)) {
            PairFile.score(opened, input.uri(), lines, line -> write(out, line));
          }
        } else {
          try (ScoringNetwork opened = DecoderLanguageModel.network(storage, spec)) {
            PairFile.score(opened, input.uri(), lines, line -> write(out, line));
          }
        }
      } catch (IOException | RuntimeException e) {
        storage.delete(staging);
        throw e;
      }
    }
    storage.publish(staging, output);
    return 0;
  }

  private static void write(BufferedWriter out, String line) {
    try {
      out.write(line);
      out.newLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
