package org.instella.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.model.FixedLogitsModel;
import org.instella.eval.model.TokenLanguageModel;
import org.instella.eval.report.EvalReport;
import org.instella.eval.report.ModelColumn;
import org.instella.eval.report.ReportContent;
import org.instella.eval.request.PairRule;
import org.instella.eval.request.SpecialTokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalSuiteTest {
  private final Storage storage = Storage.standard();
  @TempDir Path folder;

  @Test
  void aRecipeBecomesAReport() throws Exception {
    Files.writeString(
        folder.resolve("sums.jsonl"),
        "{\"id\":\"a\",\"context\":\"1+1=\",\"choices\":[\"2\",\"3\"],\"gold\":0}\n".repeat(5));
    Files.writeString(
        folder.resolve("tales.jsonl"), "{\"id\":\"t\",\"text\":\"once upon a time\"}\n".repeat(3));
    Files.writeString(
        folder.resolve("metrics.jsonl"), "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":2}\n");
    EvalConfig config =
        read(
            """
            title = "A run"
            models = [{ name = merged, folder = "%1$s/merged", role = merged }]
            data = "%1$s"
            tasks = [sums.jsonl]
            held-out = [{ name = tales, documents = "%1$s/tales.jsonl", limit = 2 }]
            curves = [{ panel = "Stage 1", name = "stage 1", metrics = "%1$s/metrics.jsonl" }]
            """
                .formatted(folder));

    EvalSuite suite = EvalSuite.load(storage, config);
    ModelColumn column =
        suite.column(config.models().get(0), suite.answer(model()), new TreeMap<>());
    ReportContent content =
        EvalSuite.report(storage, config, List.of(column), Instant.EPOCH, new TreeMap<>());
    EvalReport.write(storage, Location.of(folder.resolve("report")), content);

    assertThat(column.tasks().get(0).documents()).hasSize(5);
    assertThat(column.losses().get(0).documents()).hasSize(2);
    assertThat(column.losses().get(0).bytes()).isEqualTo(32);
    assertThat(content.curves().get(0).points()).hasSize(2);
    assertThat(folder.resolve("report/merged/results_1970-01-01T00-00-00.000000.json")).exists();
  }

  @Test
  void allProblemsOfTheSectionAreSaidAtOnce() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    models = [{ name = a, folder = x }, { name = a, folder = y, role = best }]
                    held-out = [{ name = t }]
                    pair-rule = lme-0-4-4
                    """))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("two models have this name")
        .hasMessageContaining("give either documents or tokens")
        .hasMessageContaining("did you mean lme-0-4-3?")
        .hasMessageContaining("role");
    assertThatThrownBy(() -> read("models = []"))
        .hasMessageContaining("must name at least one model")
        .hasMessageContaining("nothing to evaluate");
  }

  private static EvalConfig read(String hocon) {
    Settings settings = Recipe.parse(hocon, "test.conf").root();
    EvalConfig config = EvalConfig.from(settings);
    settings.finish();
    return config;
  }

  private static TokenLanguageModel model() {
    FixedLogitsModel network = new FixedLogitsModel(258, 64);
    return new TokenLanguageModel(
        "fixed",
        network,
        network,
        new ByteTokenizer(),
        new SpecialTokens(0, "<eos>", false),
        PairRule.LME_0_4_3);
  }
}
