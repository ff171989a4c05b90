package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.tokens.TinyTokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A mix is foretold from a sample, and the job then gives what was foretold. */
class TokenizeDryRunTest {
  @TempDir static Path folder;

  @BeforeAll
  static void makeMix() throws IOException {
    Random random = new Random(7);
    for (int file = 0; file < 9; file++) {
      write(
          folder.resolve("in/web/%d.jsonl.gz".formatted(file)), 300 + random.nextInt(900), random);
    }
    write(folder.resolve("in/code/a.jsonl"), 6000, random);
    write(folder.resolve("in/small/a.jsonl"), 40, random);
    TinyTokenizer.write(folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("mix.conf"),
        """
        tokenize {
          tokenizer = "%1$s/tokenizer.json"
          shard-input = 200 KiB
          sources = [
            { path = "%1$s/in/web", fraction = 0.25, seed = 5796 }
            { path = "%1$s/in/code", repeat = 3 }
            { path = "%1$s/in/small" }
          ]
        }
        """
            .formatted(folder));
  }

  @Test
  void foretellsWhatTheJobThenGives() throws IOException {
    List<String> before = files();
    Workspace.Called told =
        Workspace.call(
            "tokenize",
            "--conf",
            name("mix.conf"),
            "--dry-run",
            "--cores",
            "8",
            "--sample-places",
            "12",
            "--sample-bytes",
            "8192");
    assertThat(told.code()).as(told.err()).isZero();
    assertThat(files()).as("nothing is written").isEqualTo(before);
    assertThat(told.out())
        .contains(
            "12 places of 0.0 MB a source, seed 0",
            " on 8 cores ",
            "smaller sources were read whole");

    Workspace.Called made =
        Workspace.call(
            "tokenize",
            "--conf",
            name("mix.conf"),
            "--output",
            name("out"),
            "--master",
            "local[2]");
    assertThat(made.code()).as(made.err()).isZero();
    for (String source : List.of("web", "code", "small")) {
      Manifest manifest = manifest("out/" + source);
      Told line = Told.of(told.out(), source);
      double error =
          line.error().equals("0") ? 0 : Double.parseDouble(line.error().replaceAll("[±% ]", ""));
      double off =
          100.0
              * Math.abs(line.tokens() - manifest.longFact("tokens"))
              / manifest.longFact("tokens");
      // 95 % of the time within its error; the draw of web's documents comes on top of that.
      assertThat(off)
          .as("%s: %s", source, line)
          .isLessThanOrEqualTo(1.5 * error + (source.equals("web") ? 5 : 0));
      assertThat(line.shards()).isEqualTo(((List<?>) manifest.facts().get("shards")).size());
    }
    assertThat(Told.of(told.out(), "small").error()).isEqualTo("0");
    assertThat(manifest("out").facts().get("mix").toString())
        .contains("fraction=0.25", "seed=5796", "repeat=3.0")
        .contains("tokens_in_mix=" + 3 * manifest("out/code").longFact("tokens"));
  }

  @Test
  void theFractionOfASourceIsTheSameDocumentsForAnySplit() {
    for (String shard : List.of("100 KiB", "100 MiB")) {
      Workspace.Called made =
          Workspace.call(
              "tokenize",
              "--conf",
              name("mix.conf"),
              "--output",
              name("split-" + shard.charAt(4) + shard.charAt(5)),
              "--set",
              "tokenize.shard-input=" + shard,
              "--master",
              "local[2]");
      assertThat(made.code()).as(made.err()).isZero();
    }
    Manifest small = manifest("split-Ki/web");
    Manifest large = manifest("split-Mi/web");
    assertThat(small.longFact("documents")).isEqualTo(large.longFact("documents"));
    assertThat(small.longFact("tokens")).isEqualTo(large.longFact("tokens"));
    long all = large.longFact("documents") + large.longFact("documents_not_drawn");
    assertThat((double) large.longFact("documents") / all).isBetween(0.22, 0.28);
  }

  /** A row of the table. */
  private record Told(long tokens, String error, int shards) {
    static Told of(String out, String source) {
      String row =
          out.lines().filter(line -> line.startsWith(source + " ")).findFirst().orElseThrow();
      String[] cells = row.replaceAll(" (MB|GB|%)", "").trim().split("\\s+");
      return new Told(
          Long.parseLong(cells[3].replace(",", "")),
          cells[4],
          Integer.parseInt(cells[8].replace(",", "")));
    }
  }

  private static void write(Path file, int documents, Random random) throws IOException {
    Files.createDirectories(file.getParent());
    OutputStream plain = Files.newOutputStream(file);
    try (OutputStream out = file.toString().endsWith(".gz") ? new GZIPOutputStream(plain) : plain) {
      for (int i = 0; i < documents; i++) {
        StringBuilder text = new StringBuilder();
        for (int word = random.nextInt(60); word >= 0; word--) {
          text.append(Integer.toString(random.nextInt(100_000), 36)).append(" the ");
        }
        String line = "{\"id\":\"%d\",\"text\":\"%s\"}\n".formatted(i, text);
        out.write(line.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private static List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.map(Path::toString)
          .filter(path -> !path.contains("out") && !path.contains("split"))
          .sorted()
          .toList();
    }
  }

  private static Manifest manifest(String name) {
    return Manifest.read(Storage.standard(), Location.of(folder.resolve(name)));
  }

  private static String name(String name) {
    return folder.resolve(name).toString();
  }
}
