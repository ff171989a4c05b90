package org.instella.tokenize.bpe;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.manifest.Digests;

/**
 * Our side of {@code benchmarks/tokenizer.sh}: encodes files of documents on one thread, told by
 * lines on standard input, answering with one line of JSON each.
 *
 * <pre>
 * open TOKENIZER            seconds to read the tables
 * load NAME FILE            one {"text": …} per line
 * warm NAME                 how long the first rounds stay below full speed
 * run NAME bytes|strings    one round: seconds, tokens, garbage
 * digests NAME              a digest of the ids of each document
 * quit
 * </pre>
 */
public final class EncodeBenchmark {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, List<byte[]>> texts = new LinkedHashMap<>();
  private final TokenBuffer out = new TokenBuffer();
  private Tokenizer tokenizer;

  private EncodeBenchmark() {}

  public static void main(String[] args) throws IOException {
    EncodeBenchmark benchmark = new EncodeBenchmark();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
      System.out.println(JSON.writeValueAsString(benchmark.answer(line.split(" "))));
    }
  }

  private Map<String, ?> answer(String[] command) throws IOException {
    return switch (command[0]) {
      case "open" -> open(Path.of(command[1]));
      case "load" -> load(command[1], Path.of(command[2]));
      case "warm" -> warm(command[1]);
      case "run" -> command[2].equals("bytes") ? runBytes(command[1]) : runStrings(command[1]);
      case "digests" -> digests(command[1]);
      default -> throw new IllegalArgumentException(String.join(" ", command));
    };
  }

  private Map<String, ?> open(Path file) throws IOException {
    byte[] json = Files.readAllBytes(file);
    long start = System.nanoTime();
    tokenizer = Tokenizers.parse(json, file.toString());
    return Map.of("seconds", since(start), "implementation", tokenizer.implementation());
  }

  private Map<String, ?> load(String name, Path file) throws IOException {
    List<byte[]> documents = new ArrayList<>();
    long bytes = 0;
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        documents.add(JSON.readTree(line).get("text").asText().getBytes(UTF_8));
        bytes += documents.get(documents.size() - 1).length;
      }
    }
    texts.put(name, documents);
    return Map.of("documents", documents.size(), "bytes", bytes);
  }

  private Map<String, ?> runBytes(String name) {
    long garbage = allocated();
    long start = System.nanoTime();
    long tokens = 0;
    for (byte[] text : texts.get(name)) {
      out.clear();
      tokenizer.encode(text, 0, text.length, out);
      tokens += out.size();
    }
    double seconds = since(start);
    return Map.of("seconds", seconds, "tokens", tokens, "garbage", allocated() - garbage);
  }

  private Map<String, ?> runStrings(String name) {
    List<String> strings = texts.get(name).stream().map(t -> new String(t, UTF_8)).toList();
    long garbage = allocated();
    long start = System.nanoTime();
    long tokens = 0;
    for (String text : strings) {
      out.clear();
      tokenizer.encode(text, out);
      tokens += out.size();
    }
    double seconds = since(start);
    return Map.of("seconds", seconds, "tokens", tokens, "garbage", allocated() - garbage);
  }

  /** Encodes for four seconds in slices of 50 ms; warm is the first at 80 % of the last second. */
  private Map<String, ?> warm(String name) {
    List<byte[]> documents = texts.get(name);
    List<Double> rates = new ArrayList<>();
    long start = System.nanoTime();
    for (int i = 0; since(start) < 4; ) {
      long slice = System.nanoTime();
      long bytes = 0;
      while (since(slice) < 0.05) {
        byte[] text = documents.get(i++ % documents.size());
        out.clear();
        tokenizer.encode(text, 0, text.length, out);
        bytes += text.length;
      }
      rates.add(bytes / since(slice) / 1e6);
    }
    double full = rates.subList(rates.size() - 20, rates.size()).stream().sorted().toList().get(10);
    int slices = 0;
    while (rates.get(slices) < 0.8 * full) {
      slices++;
    }
    return Map.of("seconds", slices * 0.05, "full", full, "first", rates.get(0));
  }

  private Map<String, ?> digests(String name) {
    List<String> digests = new ArrayList<>();
    for (byte[] text : texts.get(name)) {
      out.clear();
      tokenizer.encode(text, 0, text.length, out);
      ByteBuffer ids = ByteBuffer.allocate(4 * out.size()).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < out.size(); i++) {
        ids.putInt(out.ids()[i]);
      }
      digests.add(Digests.sha256(ids.array()).substring(0, 16));
    }
    return Map.of("digests", digests);
  }

  private static double since(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }

  private static long allocated() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
