package org.instella.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.instella.model.generate.Generation.FinishReason;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GeneratorTest {
  /** Each id as two letters, so that a stop string may begin and end inside tokens. */
  private static final TextDecoder LETTERS =
      ids ->
          Arrays.stream(ids)
              .mapToObj(id -> "" + (char) ('a' + id / 16) + (char) ('a' + id % 16))
              .collect(Collectors.joining());

  private final Decoder decoder = TinyModel.decoder(21);

  @AfterEach
  void close() {
    decoder.close();
  }

  @Test
  void aPromptGivesTheSameTextAloneAndAmongOthers() {
    List<Generator.Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      GenerationSettings settings =
          GenerationSettings.greedy(5 + 3 * i).withSampling(i % 3 == 0 ? 0 : 1.2, 0.95, 0, i);
      prompts.add(new Generator.Prompt(TinyModel.tokens(1 + 7 * i, i), settings));
    }
    Generator generator = new Generator(decoder, LETTERS, 4);
    List<Generation> together = generator.generate(prompts);
    for (int i = 10; i >= 0; i--) {
      assertThat(together.get(i))
          .as("prompt %d", i)
          .isEqualTo(generator.generate(prompts.get(i).tokens(), prompts.get(i).settings()));
    }
  }

  @Test
  void lengthEndsAGeneration() {
    Generation generation = generate(TinyModel.tokens(9, 1), GenerationSettings.greedy(6));
    assertThat(generation.tokens()).hasSize(6);
    assertThat(generation.text()).isEqualTo(text(generation.tokens()));
    assertThat(generation.reason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void aStopTokenEndsAGenerationAndIsNotText() {
    int[] prompt = TinyModel.tokens(9, 1);
    List<Integer> free = generate(prompt, GenerationSettings.greedy(8)).tokens();
    int stop = free.get(3);
    int end = free.indexOf(stop);
    Generation generation = generate(prompt, GenerationSettings.greedy(8, stop));
    assertThat(generation.tokens()).isEqualTo(free.subList(0, end + 1));
    assertThat(generation.text()).isEqualTo(text(free.subList(0, end)));
    assertThat(generation.reason()).isEqualTo(FinishReason.STOP_TOKEN);
  }

  @Test
  void aStopStringAcrossTokensEndsAGenerationAndIsCutOff() {
    int[] prompt = TinyModel.tokens(9, 1);
    GenerationSettings sampled = GenerationSettings.greedy(40).withSampling(1.5, 1, 0, 5);
    String free = text(generate(prompt, sampled).tokens());
    String stop = free.substring(31, 36);
    int end = free.indexOf(stop);
    Generation generation = generate(prompt, sampled.withStopStrings(List.of("never so", stop)));
    assertThat(generation.text()).isEqualTo(free.substring(0, end));
    assertThat(generation.tokens()).hasSize((end + stop.length() + 1) / 2);
    assertThat(generation.reason()).isEqualTo(FinishReason.STOP_STRING);
  }

  @Test
  void theModelsPositionsEndAGeneration() {
    Generation generation = generate(TinyModel.tokens(120, 1), GenerationSettings.greedy(50));
    assertThat(generation.tokens()).hasSize(8);
    assertThat(generation.reason()).isEqualTo(FinishReason.CONTEXT_FULL);
  }

  @Test
  void aPromptWithoutRoomIsRefused() {
    assertThatThrownBy(() -> generate(TinyModel.tokens(128, 1), GenerationSettings.greedy(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a prompt must have 1 to 127 tokens, but has 128");
  }

  private Generation generate(int[] prompt, GenerationSettings settings) {
    return new Generator(decoder, LETTERS, 2).generate(prompt, settings);
  }

  private static String text(List<Integer> tokens) {
    return LETTERS.decode(tokens.stream().mapToInt(Integer::intValue).toArray());
  }
}
