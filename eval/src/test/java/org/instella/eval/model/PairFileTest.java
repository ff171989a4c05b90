package org.instella.eval.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.instella.conf.SharedData;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.ByteTokenizer;
import org.instella.eval.request.PairRule;
import org.instella.eval.request.SpecialTokens;
import org.instella.model.checkpoint.SafetensorsReader;
import org.junit.jupiter.api.Test;

class PairFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final FixedLogitsModel network = new FixedLogitsModel(258, 40);
  private final TokenLanguageModel model =
      new TokenLanguageModel(
          "fixed",
          network,
          network,
          new ByteTokenizer(),
          new SpecialTokens(0, "<eos>", false),
          PairRule.LME_0_4_3);

  @Test
  void scoresLinesInOrderAndSharesEqualContexts() throws Exception {
    List<String> out =
        score(
            "{\"context\":\"ab\",\"continuation\":\" c\"}",
            "{\"context\":\"ab\",\"continuation\":\" d\"}",
            "{\"context_ids\":[98,99],\"continuation_ids\":[33,101]}");

    assertThat(network.contextsRead).isEqualTo(2);
    JsonNode first = JSON.readTree(out.get(0));
    assertThat(first.path("tokens").asInt()).isEqualTo(2);
    assertThat(first.path("is_greedy").asBoolean(true)).isFalse();
    // The same ids given as text and as numbers.
    assertThat(out.get(2)).isEqualTo(out.get(1));
    assertThat(JSON.readTree(out.get(1)).path("logprob").asDouble()).isNegative();
  }

  @Test
  void badLinesAreNamed() {
    assertThatThrownBy(() -> score("{\"context\":\"a\",\"continuation\":\"b\"}", "{\"context\":"))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("pairs.jsonl line 2: is no JSON");
    assertThatThrownBy(() -> score("{\"context\":\"a\"}"))
        .hasMessage(
            "pairs.jsonl line 1: must have \"context\" and \"continuation\" as texts (or both as"
                + " lists of _ids)");
    assertThatThrownBy(() -> score("{\"context\":\"a\",\"continuation\":\"\"}"))
        .hasMessage("pairs.jsonl line 1: the continuation is empty");
  }

  @Test
  void goldenModelGivesTheLossOfTheReference() throws Exception {
    Path folder = SharedData.require().resolve("data/golden/model/head80");
    ModelSpec spec = ModelSpec.of("head80", Location.of(folder), 1);
    JsonNode golden =
        JSON.readTree(folder.resolve("../expected.json").toFile()).at("/cases/head80");
    List<Integer> greedy = new ArrayList<>();
    golden.path("greedy_prompt_first_16_then").forEach(id -> greedy.add(id.asInt()));
    int[] input = inputIds(folder);
    List<String> pairs = new ArrayList<>();
    pairs.add(pair(Arrays.copyOf(input, 16), greedy));
    for (int row = 0; row < 2; row++) {
      int[] ids = Arrays.copyOfRange(input, 48 * row, 48 * (row + 1));
      pairs.add(pair(Arrays.copyOf(ids, 1), Arrays.stream(ids, 1, 48).boxed().toList()));
    }

    List<String> out = new ArrayList<>();
    try (ScoringNetwork decoder = DecoderLanguageModel.network(Storage.standard(), spec)) {
      PairFile.score(decoder, "pairs.jsonl", pairs, out::add);
    }

    assertThat(JSON.readTree(out.get(0)).path("is_greedy").asBoolean())
        .as("the reference's greedy continuation is ours")
        .isTrue();
    double sum =
        JSON.readTree(out.get(1)).path("logprob").asDouble()
            + JSON.readTree(out.get(2)).path("logprob").asDouble();
    // The golden loss is a mean in float64; ours sums float32 log-probabilities: 1e-6 relative.
    assertThat(-sum / (2 * 47)).isCloseTo(golden.path("loss").asDouble(), within(2e-5));
  }

  private static String pair(int[] context, List<Integer> continuation) {
    return "{\"context_ids\":%s,\"continuation_ids\":%s}"
        .formatted(Arrays.toString(context), continuation);
  }

  private static int[] inputIds(Path folder) {
    Location file = Location.of(folder.resolve("forward.safetensors"));
    try (SafetensorsReader reader = SafetensorsReader.open(Storage.standard(), file)) {
      ByteBuffer bytes = ByteBuffer.allocate(2 * 48 * 4).order(ByteOrder.LITTLE_ENDIAN);
      reader.read("input_ids", 0, bytes);
      int[] ids = new int[2 * 48];
      bytes.flip().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ids);
      return ids;
    }
  }

  private List<String> score(String... lines) {
    List<String> out = new ArrayList<>();
    PairFile.score(model, "pairs.jsonl", List.of(lines), out::add);
    return out;
  }
}
