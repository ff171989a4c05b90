package org.instella.eval.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.instella.conf.error.DataException;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.Loglikelihood;
import org.instella.eval.request.TokenPair;

/**
 * The {@code score} command: lines {@code {"context","continuation"}} in, {@code {"logprob",
 * "is_greedy","tokens"}} out, in order. Lines {@code {"context_ids","continuation_ids"}} are taken
 * as they are, for models without a tokenizer.
 *
 * <p>Neighbouring lines with the same context share its reading; their scores do not change by it.
 */
public final class PairFile {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_TOGETHER = 64;

  private final String origin;
  private final List<JsonNode> together = new ArrayList<>();
  private final Scorer scorer;
  private final Consumer<String> output;
  private long line;

  /** Scores lines that share a context. */
  private interface Scorer {
    List<Likelihood> score(List<JsonNode> lines);
  }

  private PairFile(String origin, Scorer scorer, Consumer<String> output) {
    this.origin = origin;
    this.scorer = scorer;
    this.output = output;
  }

  /**
   * Scores pairs of text.
   *
   * @param origin name of the input, for messages
   * @throws DataException naming the line that is no pair
   */
  public static void score(
      TokenLanguageModel model, String origin, Iterable<String> lines, Consumer<String> output) {
    Scorer scorer =
        rows ->
            rows.get(0).has("context_ids")
                ? model.score(rows.stream().map(row -> ids(row, model.maxLength())).toList())
                : model.loglikelihoods(List.of(rows.stream().map(PairFile::text).toList())).get(0);
    new PairFile(origin, scorer, output).run(lines);
  }

  /**
   * Scores pairs of ids with a network that has no tokenizer.
   *
   * @throws DataException naming the line that is no pair of ids
   */
  public static void score(
      ScoringNetwork network, String origin, Iterable<String> lines, Consumer<String> output) {
    UnitScorer units = new UnitScorer(network);
    Scorer scorer =
        rows -> {
          if (!rows.get(0).has("context_ids")) {
            throw new DataException(
                ModelError.NO_TOKENIZER,
                "the model folder has no tokenizer.json: give pairs of ids or name a tokenizer");
          }
          return units.score(rows.stream().map(row -> ids(row, network.maxLength())).toList());
        };
    new PairFile(origin, scorer, output).run(lines);
  }

  private void run(Iterable<String> lines) {
    for (String text : lines) {
      line++;
      if (!text.isBlank()) {
        JsonNode row = parse(text);
        if (!together.isEmpty() && !sameContext(together.get(0), row)
            || together.size() == MOST_TOGETHER) {
          flush();
        }
        together.add(row);
      }
    }
    flush();
  }

  private void flush() {
    if (together.isEmpty()) {
      return;
    }
    for (Likelihood answer : scorer.score(together)) {
      ObjectNode row = JSON.createObjectNode();
      row.put("logprob", answer.logProbability());
      row.put("is_greedy", answer.greedy());
      row.put("tokens", answer.tokens());
      output.accept(row.toString());
    }
    together.clear();
  }

  private static boolean sameContext(JsonNode first, JsonNode second) {
    return first.path("context").equals(second.path("context"))
        && first.path("context_ids").equals(second.path("context_ids"));
  }

  private JsonNode parse(String text) {
    JsonNode row;
    try {
      row = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw bad("is no JSON: " + e.getOriginalMessage());
    }
    boolean texts = row.path("context").isTextual() && row.path("continuation").isTextual();
    boolean ids = row.path("context_ids").isArray() && row.path("continuation_ids").isArray();
    if (texts == ids) {
      throw bad("must have \"context\" and \"continuation\" as texts (or both as lists of _ids)");
    }
    if (texts
        ? row.get("continuation").asText().isEmpty()
        : row.get("continuation_ids").isEmpty()) {
      throw bad("the continuation is empty");
    }
    if (ids && row.get("context_ids").isEmpty()) {
      throw bad("context_ids is empty: give at least the beginning-of-text id");
    }
    return row;
  }

  private DataException bad(String what) {
    return new DataException(
        ModelError.BAD_PAIR_LINE, "%s line %d: %s".formatted(origin, line, what));
  }

  private static Loglikelihood text(JsonNode row) {
    return new Loglikelihood(row.get("context").asText(), row.get("continuation").asText());
  }

  private static TokenPair ids(JsonNode row, int maxLength) {
    JsonNode context = row.get("context_ids");
    JsonNode continuation = row.get("continuation_ids");
    int all = context.size() + continuation.size();
    int cut = Math.max(0, Math.min(context.size() - 1, all - (maxLength + 1)));
    int[] ids = new int[all - cut];
    for (int i = 0; i < ids.length; i++) {
      int at = i + cut;
      ids[i] =
          (at < context.size() ? context.get(at) : continuation.get(at - context.size())).asInt();
    }
    return new TokenPair(ids, continuation.size());
  }
}
