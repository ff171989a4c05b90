package org.instella.eval.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import org.instella.conf.error.DataException;
import org.instella.eval.request.EvalResponse;
import org.instella.eval.request.Generated;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.TextLoss;

/**
 * The answer to one request, as it travels from a worker to the second pass. As JSON it keeps every
 * bit of its numbers.
 *
 * @param request index within the unit
 */
public record ScoredRow(UnitKey key, int request, EvalResponse response) implements Serializable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One line of JSON. */
  public String toJson() {
    ObjectNode row = JSON.createObjectNode();
    row.put("task", key.task());
    row.put("doc", key.document());
    row.put("part", key.part().name());
    row.put("request", request);
    if (response instanceof Likelihood answer) {
      row.put("logprob", answer.logProbability());
      row.put("greedy", answer.greedy());
      row.put("tokens", answer.tokens());
      row.put("tokens_all", answer.inputTokens());
    } else if (response instanceof Generated answer) {
      row.put("text", answer.text());
      row.put("tokens", answer.tokens());
    } else if (response instanceof TextLoss answer) {
      row.put("nats", answer.nats());
      row.put("tokens", answer.tokens());
      row.put("bytes", answer.bytes());
    }
    return row.toString();
  }

  /**
   * The row of a line that {@link #toJson} wrote.
   *
   * @throws DataException if the line is none
   */
  public static ScoredRow fromJson(String line) {
    try {
      JsonNode row = JSON.readTree(line);
      UnitKey key =
          new UnitKey(
              row.required("task").asText(),
              row.required("doc").asInt(),
              UnitKey.Part.valueOf(row.required("part").asText()));
      return new ScoredRow(key, row.required("request").asInt(), response(row, key.part()));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new DataException(EvalError.BAD_ROW, "No row of an evaluation: %s".formatted(line), e);
    }
  }

  private static EvalResponse response(JsonNode row, UnitKey.Part part) {
    return switch (part) {
      case CONDITIONAL, UNCONDITIONAL ->
          new Likelihood(
              row.required("logprob").asDouble(),
              row.required("greedy").asBoolean(),
              row.required("tokens").asInt(),
              row.required("tokens_all").asInt());
      case GENERATION ->
          new Generated(row.required("text").asText(), row.required("tokens").asInt());
      case TEXT ->
          new TextLoss(
              row.required("nats").asDouble(),
              row.required("tokens").asLong(),
              row.required("bytes").asLong());
    };
  }
}
