package org.instella.jobs.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.storage.Location;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineTest {
  @TempDir Path folder;

  @Test
  void stepsComeAfterThoseTheyNeed() {
    Map<String, java.util.SortedSet<String>> needs = new TreeMap<>();
    needs.put("a", new TreeSet<>(List.of("c")));
    needs.put("b", new TreeSet<>());
    needs.put("c", new TreeSet<>(List.of("b")));
    assertThat(StepOrder.of(needs)).containsExactly("b", "c", "a");
  }

  @Test
  void aCircleIsNamed() {
    Map<String, java.util.SortedSet<String>> needs = new TreeMap<>();
    needs.put("a", new TreeSet<>(List.of("c")));
    needs.put("b", new TreeSet<>(List.of("a")));
    needs.put("c", new TreeSet<>(List.of("b")));
    assertThatThrownBy(() -> StepOrder.of(needs))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("a -> c -> b -> a");
  }

  @Test
  void referencesBecomePlacesAndNeeds() {
    Recipe recipe =
        Recipe.parse(
            """
            pipeline.steps {
              tokens.tokenize { tokenizer = "@tokenizer/tokenizer.json", names = ["@corpus", "@@stage"] }
              tokenizer.x = 1, corpus.x = 1
            }
            other = "@nothing"
            """,
            "x.conf");
    Location place = Location.of("/base");
    StepReferences.Result result =
        StepReferences.resolve(recipe, place, List.of("tokens", "tokenizer", "corpus"));
    assertThat(result.needs().get("tokens")).containsExactly("corpus", "tokenizer");
    assertThat(result.recipe().resolved())
        .containsEntry("pipeline.steps.tokens.tokenize.tokenizer", "/base/tokenizer/tokenizer.json")
        .containsEntry("pipeline.steps.tokens.tokenize.names", "[\"/base/corpus\",\"@stage\"]")
        .containsEntry("other", "@nothing");
  }

  @Test
  void anUnknownStepIsRefusedWithTheNearestName() {
    Recipe recipe =
        Recipe.parse(
            "pipeline.steps { a.merge { models = [\"@stag1\"] }, stage1.x = 1 }", "x.conf");
    assertThatThrownBy(
            () -> StepReferences.resolve(recipe, Location.of("/w"), List.of("a", "stage1")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "pipeline.steps.a.merge.models = @stag1: there is no such step; did you mean @stage1?");
  }

  @Test
  void everyProblemOfEveryStepIsToldAtOnce() {
    Recipe recipe =
        Recipe.parse(
            """
            pipeline {
              folder = /base
              steps {
                one.demo-corpus { size = hug }
                two.demo-corpus { sede = 3 }
                three { nothing { } }
              }
            }
            """,
            "x.conf");
    assertThatThrownBy(() -> Pipeline.read(recipe, Optional.empty()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("4 problems in x.conf")
        .hasMessageContaining("pipeline.steps.one.demo-corpus.size = \"hug\" (line 4)")
        .hasMessageContaining("did you mean seed?")
        .hasMessageContaining("pipeline.steps.three: must hold exactly one section");
  }

  @Test
  void aPipelineNeedsAPlaceAndSteps() {
    assertThatThrownBy(
            () -> Pipeline.read(Recipe.parse("pipeline.steps.a.x = 1", "x.conf"), Optional.empty()))
        .hasMessageContaining("pipeline.folder is missing");
    assertThatThrownBy(
            () -> Pipeline.read(Recipe.parse("pipeline.folder = a", "x.conf"), Optional.empty()))
        .hasMessageContaining("pipeline.steps has no step");
  }
}
