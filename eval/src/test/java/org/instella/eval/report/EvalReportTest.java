package org.instella.eval.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalReportTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private ReportContent content;
  private Path report;

  @BeforeEach
  void write() {
    content = new ReportFixture(folder).content();
    report = folder.resolve("report");
    EvalReport.write(Storage.standard(), Location.of(report), content);
  }

  @Test
  void holdsTheFilesOfEveryModelAndAManifestThatVerifies() {
    assertThat(report.resolve("seed_5796/results_2026-11-22T02-15-13.123456.json")).exists();
    assertThat(report.resolve("merged/samples_parity_again_2026-11-22T02-15-13.123456.jsonl"))
        .exists();
    Manifest manifest = Manifest.read(Storage.standard(), Location.of(report));
    assertThat(manifest.kind()).isEqualTo("evaluation");
    assertThat(manifest.files()).hasSize(2 + 5 * 3);
    manifest.verify(Storage.standard(), Location.of(report));
  }

  @Test
  void refusesToOverwriteAReportAndLeavesNothingBehind() {
    assertThatThrownBy(() -> EvalReport.write(Storage.standard(), Location.of(report), content))
        .isInstanceOf(DataException.class);
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("parity.jsonl", "report");
  }

  @Test
  void resultsHaveWhatToolsOfTheHarnessRead() throws Exception {
    JsonNode results =
        JSON.readTree(report.resolve("merged/results_2026-11-22T02-15-13.123456.json").toFile());

    JsonNode parity = results.at("/results/parity");
    assertThat(parity.path("alias").asText()).isEqualTo("parity");
    assertThat(parity.path("acc,none").asDouble())
        .isEqualTo(content.columns().get(4).tasks().get(0).primary().value());
    assertThat(parity.path("acc_stderr,none").isNumber()).isTrue();
    assertThat(results.at("/versions/parity").asInt()).isEqualTo(1);
    assertThat(results.at("/n-shot/parity").asInt()).isZero();
    assertThat(results.at("/n-samples/parity/effective").asInt()).isEqualTo(150);
    assertThat(results.at("/higher_is_better/parity/bits_per_byte").asBoolean(true)).isFalse();
    assertThat(results.at("/results/held_out_code/bits_per_byte,none").isNumber()).isTrue();
    assertThat(results.path("date").asDouble()).isEqualTo(1795313713.123);
    assertThat(results.path("model_name").asText()).isEqualTo("merged");
    assertThat(results.at("/task_hashes/parity").asText()).hasSize(64);
  }

  @Test
  void samplesCarryTheHarnessHashes() throws Exception {
    List<String> lines =
        Files.readAllLines(
            report.resolve("merged/samples_parity_2026-11-22T02-15-13.123456.jsonl"));
    JsonNode row = JSON.readTree(lines.get(1));

    assertThat(lines).hasSize(150);
    assertThat(row.path("target").asText()).isEqualTo("1");
    assertThat(row.at("/arguments/gen_args_1/arg_1").asText()).isEqualTo(" yes");
    assertThat(row.at("/resps/0/0/1").asText()).isEqualTo("False");
    assertThat(Double.parseDouble(row.at("/resps/2/0/0").asText()))
        .isEqualTo(row.at("/model_output/2/sum_logits").asDouble());
    String document =
        """
        {
          "id": "q1",
          "context": "Is <1> even? & why",
          "choices": [
            "no",
            "yes",
            "maybe",
            "never"
          ],
          "gold": 1
        }""";
    assertThat(row.path("doc_hash").asText()).isEqualTo(Digests.sha256(document));
    assertThat(row.path("prompt_hash").asText()).isEqualTo(Digests.sha256("Is <1> even? & why"));
    assertThat(row.path("target_hash").asText()).isEqualTo(Digests.sha256("1"));
    assertThat(row.path("filter").asText()).isEqualTo("none");
  }

  @Test
  void thePageIsOneFileWithNothingExternal() throws Exception {
    String page = Files.readString(report.resolve("report.html"));

    assertThat(page).doesNotContain("<script", "<link", "<img", "@import", "url(http", "href=");
    assertThat(page).doesNotContain("NaN", "Infinity", "null");
    assertThat(page).contains("prefers-color-scheme: dark");
    for (ModelColumn column : content.columns()) {
      assertThat(page).contains(column.name());
    }
    Matcher svg = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL).matcher(page);
    int charts = 0;
    while (svg.find()) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new java.io.ByteArrayInputStream(svg.group().getBytes("UTF-8")));
      charts++;
    }
    assertThat(charts).isEqualTo(3);
  }

  @Test
  void markdownMarksTheBestAndComparesPairwise() throws Exception {
    String text = Files.readString(report.resolve("report.md"));

    assertThat(text).contains("| Source | Tokens | stage 1 | seed 5796 | seed 6198 | seed 8915 |");
    assertThat(text).contains("## merged against the others");
    assertThat(text).containsPattern("\\| \\*\\*all\\*\\* .*\\*\\*1\\.[0-9]+\\*\\* \\|");
  }

  @Test
  void modelsThatWereAskedOtherThingsAreRefused() {
    ModelColumn other =
        new ModelColumn(
            "other",
            ModelColumn.Role.OTHER,
            List.of(),
            content.columns().get(0).losses(),
            new TreeMap<>());

    assertThatThrownBy(
            () ->
                new ReportContent(
                    "t",
                    "a",
                    content.date(),
                    List.of(content.columns().get(0), other),
                    List.of(),
                    new TreeMap<>(),
                    List.of()))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("Models stage 1 and other were not asked the same:");
  }

  @Test
  void metricsFileGivesTheCurve() throws Exception {
    Path file = folder.resolve("metrics.jsonl");
    Files.writeString(
        file,
        "{\"step\":1,\"loss\":3.5,\"tokens\":10}\n{\"step\":1,\"held_out\":{}}\n"
            + "{\"step\":2,\"loss\":3.0}\n");

    RunCurve curve =
        RunCurve.read(Storage.standard(), Location.of(file), "p", "run", ModelColumn.Role.OTHER);

    assertThat(curve.points())
        .containsExactly(new RunCurve.Point(1, 3.5), new RunCurve.Point(2, 3.0));
    Files.writeString(file, "{\"step\":1,\n");
    assertThatThrownBy(
            () ->
                RunCurve.read(
                    Storage.standard(), Location.of(file), "p", "run", ModelColumn.Role.OTHER))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("metrics.jsonl line 1 is no JSON");
  }
}
