package org.instella.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mixes of the two stages: what is tokenised is what training reads, under the same names. */
class MixRecipesTest {
  private static final Path RECIPES = Path.of("../conf/recipes");

  @ParameterizedTest
  @CsvSource({
    "instella-3b-tokens-stage1.conf, instella-3b-stage1.conf, 7",
    "instella-3b-tokens-stage2.conf, instella-3b-stage2-seed-5796.conf, 19"
  })
  void theSourcesThatAreMadeAreThoseThatAreRead(String tokens, String training, int count) {
    List<TokenSource> made = sources(tokens);
    assertThat(made).hasSize(count);
    assertThat(made.stream().map(TokenSource::name))
        .containsExactlyElementsOf(names(load(training), "train.data.sources"));
  }

  @ParameterizedTest
  @CsvSource("instella-3b-tokens-stage2.conf")
  void theSharesOfStageTwoAreThePublishedOnes(String recipe) {
    Map<String, Double> shares =
        sources(recipe).stream()
            .filter(source -> source.sampling().fraction() < 1)
            .collect(Collectors.toMap(TokenSource::name, source -> source.sampling().fraction()));
    assertThat(shares)
        .isEqualTo(Map.of("dclm", 0.0323, "flan", 0.5, "pes2o", 0.053, "python-edu", 0.5));
  }

  private static List<TokenSource> sources(String recipe) {
    Settings root = load(recipe).root();
    TokenizeJob job = TokenizeJob.from(root.section("tokenize", ""));
    root.finish();
    return job.documents().named();
  }

  private static List<String> names(Recipe recipe, String key) {
    Settings data = recipe.root().section("train", "").section("data", "");
    return data.sections("sources", "").stream()
        .map(source -> Location.of(source.text("path", "").required()).name())
        .toList();
  }

  private static Recipe load(String name) {
    return Recipe.load(Storage.standard(), Location.of(RECIPES.resolve(name)), List.of());
  }
}
