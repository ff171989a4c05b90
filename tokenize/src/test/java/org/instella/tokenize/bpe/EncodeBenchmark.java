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
import java.util.function.ToLongFunction;
import org.instella.conf.manifest.Digests;
import org.instella.tokenize.bpe.merge.WordCache;
import org.instella.tokenize.bpe.split.Splitter;
import org.instella.tokenize.bpe.unicode.Nfc;
import org.instella.tokenize.bpe.unicode.Utf8;
import org.instella.tokenize.bpe.unicode.Words8;

/**
 * Our side of {@code benchmarks/tokenizer.sh}: encodes files of documents on one thread, told by
 * lines on standard input, answering with one line of JSON each.
 *
 * <pre>
 * open TOKENIZER            seconds to read the tables
 * load NAME FILE            one {"text": …} per line
 * warm NAME                 how long the first rounds stay below full speed
 * run NAME bytes|strings    one round: seconds, tokens, garbage
 * stations NAME             seconds of parts of the work alone, and of one pass over the bytes
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
      case "stations" -> stations(command[1]);
      case "digests" -> digests(command[1]);
      default -> throw new IllegalArgumentException(String.join(" ", command));
    };
  }

  private Map<String, ?> open(Path file) throws IOException {
    byte[] json = Files.readAllBytes(file);
    long start = now();
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
    long start = now();
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
    long start = now();
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
    long start = now();
    for (int i = 0; since(start) < 4; ) {
      long slice = now();
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

  /** Each part of the work done alone over all texts: the best of ten rounds, in seconds. */
  private Map<String, ?> stations(String name) {
    ByteLevelBpe bpe = ((BpeTokenizer) tokenizer).tables();
    Splitter splitter = bpe.preTokenizer().scanner().orElseThrow();
    WordCache cache = new WordCache();
    Nfc nfc = new Nfc();
    int[] noIds = {0};
    Map<String, Double> best = new LinkedHashMap<>();
    long kept = 0;
    for (int round = 0; round < 10; round++) {
      kept += timed(best, "sum", name, EncodeBenchmark::sum);
      kept += timed(best, "valid", name, text -> Utf8.firstIllFormed(text, 0, text.length));
      if (bpe.composes()) {
        kept += timed(best, "nfc", name, text -> nfc.firstDoubt(text, 0, text.length));
      }
      kept += timed(best, "added", name, text -> added(bpe, text));
      kept += timed(best, "split", name, text -> split(splitter, text));
      kept += timed(best, "split+cache", name, text -> cached(splitter, cache, noIds, text));
      kept += timed(best, "all", name, this::encoded);
    }
    best.put("kept", (double) (kept & 1));
    return best;
  }

  private long timed(
      Map<String, Double> best, String part, String name, ToLongFunction<byte[]> work) {
    long start = now();
    long kept = 0;
    for (byte[] text : texts.get(name)) {
      kept += work.applyAsLong(text);
    }
    best.merge(part, since(start), Math::min);
    return kept;
  }

  private static long sum(byte[] text) {
    long sum = 0;
    for (int at = 0; at + 8 <= text.length; at += 8) {
      sum += Words8.load(text, at);
    }
    return sum;
  }

  private static long added(ByteLevelBpe bpe, byte[] text) {
    long found = 0;
    for (var finder : List.of(bpe.addedRaw(), bpe.addedNormalised())) {
      for (int at = 0; finder.isPresent() && at < text.length; found++) {
        long match = finder.get().find(text, at, text.length);
        at = match < 0 ? text.length : finder.get().end(match);
      }
    }
    return found;
  }

  private static long split(Splitter splitter, byte[] text) {
    long words = 0;
    for (int at = 0; at < text.length; words++) {
      at = splitter.next(text, at, text.length);
    }
    return words;
  }

  private static long cached(Splitter splitter, WordCache cache, int[] ids, byte[] text) {
    long found = 0;
    for (int at = 0; at < text.length; ) {
      int end = splitter.next(text, at, text.length);
      if (WordCache.keeps(text, at, end)) {
        if (cache.find(text, at, end) >= 0) {
          found++;
        } else {
          cache.put(text, at, end, ids, 0, 1);
        }
      }
      at = end;
    }
    return found;
  }

  private long encoded(byte[] text) {
    out.clear();
    tokenizer.encode(text, 0, text.length, out);
    return out.size();
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

  /** CPU time of this thread: what others do on the machine counts less than in wall time. */
  private static long now() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static double since(long start) {
    return (now() - start) * 1e-9;
  }

  private static long allocated() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
