package org.instella.eval.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.manifest.Digests;
import org.instella.eval.metric.Metric;
import org.instella.eval.metric.ScoredChoice;
import org.instella.eval.metric.ScoredOption;
import org.instella.eval.plan.DocumentResult;
import org.instella.eval.plan.TaskResult;
import org.instella.eval.request.GenerateUntil;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.Loglikelihood;
import org.instella.eval.request.PythonText;
import org.instella.eval.task.DocumentRequests;

/**
 * The samples of one task as lm-evaluation-harness 0.4 writes them, one JSON line a document, plus
 * {@code model_output} as OLMES writes it: every number that a metric is made of, so that another
 * metric needs no new run.
 */
final class HarnessSamples {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One JSON object per document. */
  final List<String> lines = new ArrayList<>();

  /** SHA-256 of all rows' hashes: names the questions that were asked. */
  final String taskHash;

  HarnessSamples(TaskResult task) {
    StringBuilder hashes = new StringBuilder();
    for (DocumentResult document : task.documents()) {
      ObjectNode row = row(task, document);
      hashes
          .append(row.get("doc_hash").textValue())
          .append(row.get("prompt_hash").textValue())
          .append(row.get("target_hash").textValue());
      lines.add(row.toString());
    }
    taskHash = Digests.sha256(hashes.toString());
  }

  private static ObjectNode row(TaskResult task, DocumentResult result) {
    DocumentRequests requests = result.document().requests();
    ObjectNode row = JSON.createObjectNode();
    row.put("doc_id", result.document().index());
    row.set("doc", result.document().fields());
    // As the harness does for choices: the target is the index of the right one.
    String target =
        requests instanceof DocumentRequests.Choice choice
            ? String.valueOf(choice.gold())
            : requests.target();
    row.put("target", target);
    String prompt =
        requests instanceof DocumentRequests.Choice choice
            ? choiceAnswers(row, choice, result)
            : generationAnswers(row, (DocumentRequests.Generation) requests, result);
    row.put("filter", "none");
    ArrayNode metrics = row.putArray("metrics");
    for (Metric metric : task.estimates().keySet()) {
      metrics.add(metric.harnessName());
    }
    row.put("doc_hash", Digests.sha256(PythonJson.indented(result.document().fields())));
    row.put("prompt_hash", Digests.sha256(prompt));
    row.put("target_hash", Digests.sha256(target));
    for (Metric metric : task.estimates().keySet()) {
      row.put(metric.harnessName(), result.values().get(metric.id()));
    }
    row.put("native_id", result.document().nativeId());
    return row;
  }

  private static String choiceAnswers(
      ObjectNode row, DocumentRequests.Choice question, DocumentResult result) {
    ObjectNode arguments = row.putObject("arguments");
    ArrayNode responses = row.putArray("resps");
    ArrayNode filtered = row.putArray("filtered_resps");
    for (int i = 0; i < question.conditional().size(); i++) {
      argument(arguments, i, question.conditional().get(i));
      Likelihood answer = result.conditional().get(i);
      pair(responses.addArray().addArray(), answer.logProbability(), answer.greedy());
      pair(filtered.addArray(), answer.logProbability(), answer.greedy());
    }
    modelOutput(row.putArray("model_output"), result.choice().orElseThrow(), result);
    return question.conditional().get(0).context();
  }

  private static void argument(ObjectNode arguments, int index, Loglikelihood request) {
    arguments
        .putObject("gen_args_" + index)
        .put("arg_0", request.context())
        .put("arg_1", request.continuation());
  }

  private static void pair(ArrayNode target, double logProbability, boolean greedy) {
    target.add(PythonJson.repr(logProbability)).add(greedy ? "True" : "False");
  }

  private static void modelOutput(ArrayNode output, ScoredChoice choice, DocumentResult result) {
    for (int i = 0; i < choice.options().size(); i++) {
      ScoredOption option = choice.options().get(i);
      int characters = PythonText.length(option.continuation());
      ObjectNode entry = output.addObject();
      entry.put("sum_logits", option.logProbability());
      entry.put("num_tokens", option.tokens());
      entry.put("num_tokens_all", result.conditional().get(i).inputTokens());
      entry.put("is_greedy", option.greedy());
      option.unconditional().ifPresent(value -> entry.put("sum_logits_uncond", value));
      entry.put("logits_per_token", option.logProbability() / option.tokens());
      entry.put("logits_per_char", option.logProbability() / characters);
      entry.put("num_chars", characters);
    }
  }

  private static String generationAnswers(
      ObjectNode row, DocumentRequests.Generation asked, DocumentResult result) {
    GenerateUntil request = asked.request();
    ObjectNode argument = row.putObject("arguments").putObject("gen_args_0");
    argument.put("arg_0", request.context());
    ObjectNode settings = argument.putObject("arg_1");
    request.stops().forEach(settings.putArray("until")::add);
    settings.put("max_gen_toks", request.maxNewTokens());
    settings.put("do_sample", false);
    row.putArray("resps").addArray().add(result.generated().orElseThrow());
    row.putArray("filtered_resps").add(result.extracted().orElseThrow());
    return request.context();
  }
}
