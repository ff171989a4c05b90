package org.instella.conf.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.instella.conf.error.ConfigurationException;
import org.junit.jupiter.api.Test;

class SettingsTest {

  private enum Schedule {
    COSINE_WITH_WARMUP,
    LINEAR,
    CONSTANT
  }

  private record Optimizer(double learningRate, int warmupSteps, Schedule schedule) {
    static Optimizer from(Settings s) {
      return new Optimizer(
          s.number("learning-rate", "peak").in(Range.openClosed(0, 1)).required(),
          s.integer("warmup-steps", "warm-up").atLeast(0).orElse(0),
          s.choice("schedule", "shape", Schedule.class).orElse(Schedule.CONSTANT));
    }
  }

  private static Settings settings(String hocon) {
    return Recipe.parse(hocon, "recipe.conf").root();
  }

  @Test
  void readsValuesOfEveryType() {
    Settings s =
        settings(
            """
            number = 4e-4, count = 4_194_304, big = 4065000000000, name = stage-1, on = true
            wait = 30s, limit = 64MiB, tasks = [a, b], seeds = [5796, 6198], schedule = linear
            """);
    assertThat(s.number("number", "").required()).isEqualTo(4e-4);
    assertThat(s.integer("count", "").required()).isEqualTo(4_194_304);
    assertThat(s.longInteger("big", "").required()).isEqualTo(4_065_000_000_000L);
    assertThat(s.text("name", "").required()).isEqualTo("stage-1");
    assertThat(s.flag("on", "").required()).isTrue();
    assertThat(s.duration("wait", "").required()).isEqualTo(Duration.ofSeconds(30));
    assertThat(s.bytes("limit", "").required()).isEqualTo(64L << 20);
    assertThat(s.texts("tasks", "").required()).containsExactly("a", "b");
    assertThat(s.integers("seeds", "").required()).containsExactly(5796, 6198);
    assertThat(s.choice("schedule", "", Schedule.class).required()).isEqualTo(Schedule.LINEAR);
    s.finish();
  }

  @Test
  void namesEveryProblemAtOnceWithKeyValueLineAndRange() {
    Settings root =
        settings(
            """
            train.optimizer {
              learning-rate = 40.5
              warmup-step = 3
              schedule = cosine-with-warmpu
            }
            """);
    Optimizer.from(root.section("train", "").section("optimizer", ""));
    assertThatThrownBy(root::finish)
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            """
            3 problems in recipe.conf
              train.optimizer.learning-rate = 40.5 (line 2): must be in (0, 1]
              train.optimizer.schedule = "cosine-with-warmpu" (line 4): must be one of \
            cosine-with-warmup, linear, constant; did you mean cosine-with-warmup?
              train.optimizer.warmup-step (line 3): unknown key; did you mean warmup-steps?\
            """);
  }

  @Test
  void namesAMissingKeyAndWhatItIsFor() {
    Settings root = settings("train {}");
    root.section("train", "").integer("steps", "number of updates").atLeast(1).required();
    assertThatThrownBy(root::finish)
        .hasMessage(
            "1 problem in recipe.conf\n"
                + "  train.steps: missing; number of updates (at least 1)");
  }

  @Test
  void refusesValuesOfTheWrongType() {
    Settings s =
        settings(
            "a = [1], b = 1.5, c = maybe, d = 12, e = x, f = \"\", g = 1e99999, h = 3 parsecs");
    s.number("a", "").required();
    s.integer("b", "").required();
    s.flag("c", "").required();
    s.section("d", "");
    s.sections("e", "");
    s.text("f", "").required();
    s.number("g", "").required();
    s.duration("h", "").required();
    assertThatThrownBy(s::finish)
        .hasMessageContaining("8 problems")
        .hasMessageContaining("a = [1] (line 1): must be a number")
        .hasMessageContaining("b = 1.5 (line 1): must be a whole number")
        .hasMessageContaining("c = \"maybe\" (line 1): must be true or false")
        .hasMessageContaining("d = 12 (line 1): must be a section")
        .hasMessageContaining("e = \"x\" (line 1): must be a list of sections")
        .hasMessageContaining("f = \"\" (line 1): must not be empty")
        .hasMessageContaining("g = ")
        .hasMessageContaining("must be a time span such as 30s");
  }

  @Test
  void refusesAWholeNumberThatDoesNotFit() {
    Settings s = settings("steps = 3000000000");
    s.integer("steps", "").required();
    assertThatThrownBy(s::finish)
        .hasMessageContaining("steps = 3000000000 (line 1): must be in [-2147483648, 2147483647]");
  }

  @Test
  void placeholdersAreInsideTheRangeSoThatReadingGoesOn() {
    Settings s = settings("");
    assertThat(s.number("x", "").in(Range.open(2, 4)).required()).isEqualTo(3);
    assertThat(s.integer("y", "").atLeast(7).required()).isEqualTo(7);
    assertThatThrownBy(s::finish).hasMessageContaining("2 problems");
  }

  @Test
  void readsListsOfSectionsAndNamedSections() {
    Settings s = settings("sources = [{path = a}, {path = b}], steps { two {n = 2}, one {n = 1} }");
    List<String> paths =
        s.sections("sources", "").stream().map(x -> x.text("path", "").required()).toList();
    assertThat(paths).containsExactly("a", "b");
    assertThat(s.named("steps", "").keySet()).containsExactly("one", "two");
    s.named("steps", "").values().forEach(x -> x.integer("n", "").required());
    s.finish();
  }

  @Test
  void aTextCanBeHeldToAPattern() {
    Settings s = settings("name = \"../x\"");
    s.text("name", "").matching(Pattern.compile("[a-z0-9-]+"), "letters, digits, -").required();
    assertThatThrownBy(s::finish).hasMessageContaining("must be letters, digits, -");
  }

  @Test
  void describesItsKeysForTheDocs() {
    Settings s = Settings.describing("train.optimizer");
    Optimizer.from(s);
    assertThat(s.docs())
        .containsExactly(
            new KeyDoc("train.optimizer.learning-rate", "number", "in (0, 1]", "required", "peak"),
            new KeyDoc(
                "train.optimizer.warmup-steps", "whole number", "at least 0", "0", "warm-up"),
            new KeyDoc(
                "train.optimizer.schedule",
                "choice",
                "one of cosine-with-warmup, linear, constant",
                "constant",
                "shape"));
  }
}
