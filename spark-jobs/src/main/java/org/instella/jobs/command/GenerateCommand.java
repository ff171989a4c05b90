package org.instella.jobs.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.generate.Generation;
import org.instella.model.generate.GenerationSettings;
import org.instella.model.generate.Generator;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.FlatParameters;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Text from a model. */
@Command(
    name = "generate",
    description = "Continues prompts with a model; without --prompt it reads one a line.",
    footer = {
      "%nExamples:",
      "  instella generate --model instella-demo/merged --prompt \"Once upon a time\"",
      "  instella generate --model M --prompt \"Question:\" --temperature 0.8 --seed 3 --stop \"\\n\""
    })
class GenerateCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "FOLDER",
      description = "Model folder with its tokenizer.")
  private Location model;

  @Option(names = "--prompt", paramLabel = "TEXT", description = "May be given often.")
  private List<String> prompts = new ArrayList<>();

  @Option(names = "--max-new-tokens", defaultValue = "128", description = "Default 128.")
  private int maxNewTokens;

  @Option(names = "--temperature", defaultValue = "0", description = "0, the default, is greedy.")
  private double temperature;

  @Option(names = "--top-p", defaultValue = "1", description = "Default 1.")
  private double topP;

  @Option(names = "--top-k", defaultValue = "0", description = "0, the default, is all.")
  private int topK;

  @Option(names = "--seed", defaultValue = "0", description = "Seed of the draws.")
  private long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "Text that ends the answer, with escapes such as \\n; may be given often.")
  private List<String> stops = new ArrayList<>();

  @Option(names = "--device", defaultValue = "cpu", description = "cpu, gpu or gpu:N.")
  private String device;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Threads of the CPU; 0, the default, takes all cores.")
  private int threads;

  @Option(names = "--debug", description = "Print the stack trace of a failure.")
  private boolean debug;

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    GenerationSettings settings = settings();
    TorchDevice where =
        TorchDevice.parse(
            device, threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
    where.require();
    Storage storage = Storage.standard();
    try (Tokenizer tokenizer = Tokenizers.open(storage, new TokenizerSpec(model));
        Decoder decoder = decoder(storage, where)) {
      Generator generator = new Generator(decoder, tokenizer::decode);
      GenerationSettings ended = withEnd(settings, decoder.config().eosId());
      if (!prompts.isEmpty()) {
        for (String prompt : prompts) {
          answer(generator, tokenizer, decoder, prompt, ended);
        }
        return 0;
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answer(generator, tokenizer, decoder, line, ended);
      }
    }
    return 0;
  }

  private GenerationSettings settings() {
    try {
      return new GenerationSettings(
          maxNewTokens,
          temperature,
          topP,
          topK,
          seed,
          stops.stream().map(String::translateEscapes).toList(),
          List.of());
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(JobError.BAD_COMMAND_LINE, e.getMessage(), e);
    }
  }

  private static GenerationSettings withEnd(GenerationSettings settings, int eosId) {
    return new GenerationSettings(
        settings.maxNewTokens(),
        settings.temperature(),
        settings.topP(),
        settings.topK(),
        settings.seed(),
        settings.stopStrings(),
        List.of(eosId));
  }

  private Decoder decoder(Storage storage, TorchDevice where) {
    try (ModelFolder folder = ModelFolder.open(storage, model)) {
      FlatParameters parameters = FlatParameters.allocate(folder.transformerConfig(), where);
      parameters.writeOnHost(host -> folder.load(host::window));
      return new Decoder(parameters);
    }
  }

  private void answer(
      Generator generator,
      Tokenizer tokenizer,
      Decoder decoder,
      String prompt,
      GenerationSettings settings) {
    int[] ids = tokenizer.encode(asked(prompt));
    int positions = decoder.config().maxPositions();
    if (ids.length == 0 || ids.length >= positions) {
      throw new ConfigurationException(
          JobError.BAD_COMMAND_LINE,
          "A prompt must have 1 to %d tokens for this model; this one has %d"
              .formatted(positions - 1, ids.length));
    }
    Generation generation = generator.generate(ids, settings);
    PrintWriter out = spec.commandLine().getOut();
    out.println(answered(prompt, generation.text()));
    out.flush();
  }

  /** What the model reads for a prompt. */
  String asked(String prompt) {
    return prompt;
  }

  /** What is printed for an answer. */
  String answered(String prompt, String answer) {
    return prompt + answer;
  }
}
