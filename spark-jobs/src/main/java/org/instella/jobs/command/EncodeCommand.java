package org.instella.jobs.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.tokenize.bpe.TokenBuffer;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Texts to token ids, line by line. */
@Command(
    name = "encode",
    description = {
      "Encodes texts: one {\"text\": …} per line in, one {\"ids\": […]} per line out, in order.",
      "No special tokens are added."
    },
    footer = {
      "%nExample:",
      "  instella encode --tokenizer tokenizer.json --input strings.jsonl --output ids.jsonl"
    })
final class EncodeCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(
      names = "--tokenizer",
      required = true,
      paramLabel = "FILE",
      description = "tokenizer.json, or a model folder.")
  private Location tokenizerFile;

  @Option(names = "--input", required = true, paramLabel = "FILE", description = "JSON lines.")
  private Location input;

  @Option(names = "--output", required = true, paramLabel = "FILE", description = "JSON lines.")
  private Location output;

  @Option(names = "--debug", description = "Print the stack trace of a failure.")
  private boolean debug;

  @Override
  public Integer call() throws IOException {
    Storage storage = Storage.standard();
    Location staging = storage.staging(output);
    try (Tokenizer tokenizer = Tokenizers.open(new TokenizerSpec(tokenizerFile));
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(storage.open(input), StandardCharsets.UTF_8), 1 << 16)) {
      try (BufferedWriter out =
          new BufferedWriter(
              new OutputStreamWriter(storage.create(staging), StandardCharsets.UTF_8), 1 << 16)) {
        encode(tokenizer, in, out);
      } catch (IOException | RuntimeException e) {
        storage.delete(staging);
        throw e;
      }
    }
    storage.publish(staging, output);
    return 0;
  }

  private void encode(Tokenizer tokenizer, BufferedReader in, BufferedWriter out)
      throws IOException {
    TokenBuffer ids = new TokenBuffer(1024);
    StringBuilder text = new StringBuilder();
    long number = 0;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      number++;
      ids.clear();
      tokenizer.encode(text(line, number), ids);
      text.setLength(0);
      text.append("{\"ids\":[");
      for (int i = 0; i < ids.size(); i++) {
        text.append(i == 0 ? "" : ",").append(ids.ids()[i]);
      }
      out.append(text.append("]}\n"));
    }
  }

  private String text(String line, long number) {
    String problem;
    try {
      JsonNode text = JSON.readTree(line).path("text");
      if (text.isTextual()) {
        return text.textValue();
      }
      problem = "has no \"text\"";
    } catch (JsonProcessingException e) {
      problem = "is no JSON: " + e.getOriginalMessage();
    }
    throw new DataException(
        JobError.BAD_INPUT,
        "%s line %d %s; every line must be {\"text\": \"...\"}".formatted(input, number, problem));
  }
}
