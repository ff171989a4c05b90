package org.instella.eval.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.metric.Estimate;
import org.instella.eval.metric.Metric;
import org.instella.eval.plan.TaskResult;
import org.instella.eval.task.Aggregation;
import org.instella.eval.task.EvalTask;

/** The results of one model in the layout of lm-evaluation-harness 0.4's {@code results_*.json}. */
final class HarnessResults {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ObjectNode root = JSON.createObjectNode();
  private final ObjectNode results = root.putObject("results");
  private final ObjectNode groups = JSON.createObjectNode();
  private final ObjectNode groupSubtasks = JSON.createObjectNode();
  private final ObjectNode configs = JSON.createObjectNode();
  private final ObjectNode versions = JSON.createObjectNode();
  private final ObjectNode shots = JSON.createObjectNode();
  private final ObjectNode higherIsBetter = JSON.createObjectNode();
  private final ObjectNode samples = JSON.createObjectNode();

  private HarnessResults() {}

  /**
   * @param taskHashes hash of the questions, by name of the task or subtask
   */
  static String render(ReportContent content, ModelColumn column, Map<String, String> taskHashes) {
    HarnessResults file = new HarnessResults();
    column.tasks().forEach(file::add);
    column.losses().forEach(file::add);
    file.finish(content, column, taskHashes);
    try {
      return JSON.writeValueAsString(file.root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values is always JSON", e);
    }
  }

  private void add(TaskResult task) {
    numbers(results.putObject(task.name()), task.name(), task);
    describe(task);
    if (task.subtasks().isEmpty()) {
      groupSubtasks.putArray(task.name());
      return;
    }
    numbers(groups.putObject(task.name()), task.name(), task);
    var members = groupSubtasks.putArray(task.name());
    for (TaskResult part : task.subtasks()) {
      members.add(part.name());
      numbers(results.putObject(part.name()), " - " + part.name(), part);
      describe(part);
    }
  }

  private static void numbers(ObjectNode entry, String alias, TaskResult task) {
    entry.put("alias", alias);
    entry.put("sample_len", task.documents().size());
    task.estimates().forEach((metric, estimate) -> number(entry, metric, estimate));
  }

  private static void number(ObjectNode entry, Metric metric, Estimate estimate) {
    entry.put(metric.harnessName() + ",none", estimate.value());
    String error = metric.harnessName() + "_stderr,none";
    estimate
        .standardError()
        .ifPresentOrElse(value -> entry.put(error, value), () -> entry.put(error, "N/A"));
  }

  private void describe(TaskResult result) {
    EvalTask task = result.task();
    ObjectNode config = configs.putObject(result.name());
    config.put("task", result.name());
    config.put("description", task.about());
    config.put("num_fewshot", task.fewShot().count());
    config.put("primary_metric", task.primaryMetric().harnessName());
    config.put(
        "aggregation", task.aggregation() == Aggregation.MACRO ? "macro" : "weighted by size");
    config.putObject("metadata").put("version", task.version());
    versions.put(result.name(), task.version());
    shots.put(result.name(), task.fewShot().count());
    ObjectNode better = higherIsBetter.putObject(result.name());
    result.estimates().keySet().forEach(m -> better.put(m.harnessName(), m.higherIsBetter()));
    samples
        .putObject(result.name())
        .put("original", result.documents().size())
        .put("effective", result.documents().size());
  }

  /** A held-out domain stands among the tasks, with the metrics that the harness uses for text. */
  private void add(DomainLoss loss) {
    String name = "held_out_" + loss.domain();
    Estimate perToken = loss.estimate();
    ObjectNode entry = results.putObject(name);
    entry.put("alias", name);
    entry.put("sample_len", loss.documents().size());
    entry.put("loss_per_token,none", perToken.value());
    perToken
        .standardError()
        .ifPresentOrElse(
            value -> entry.put("loss_per_token_stderr,none", value),
            () -> entry.put("loss_per_token_stderr,none", "N/A"));
    entry.put("token_perplexity,none", loss.perplexity());
    entry.put("bits_per_byte,none", loss.bitsPerByte());
    entry.put("tokens,none", loss.tokens());
    entry.put("bytes,none", loss.bytes());
    versions.put(name, 1);
    shots.put(name, 0);
    groupSubtasks.putArray(name);
    configs.putObject(name).put("task", name);
    higherIsBetter
        .putObject(name)
        .put("loss_per_token", false)
        .put("token_perplexity", false)
        .put("bits_per_byte", false);
    samples
        .putObject(name)
        .put("original", loss.documents().size())
        .put("effective", loss.documents().size());
  }

  private void finish(ReportContent content, ModelColumn column, Map<String, String> taskHashes) {
    if (!groups.isEmpty()) {
      root.set("groups", groups);
    }
    root.set("group_subtasks", groupSubtasks);
    root.set("configs", configs);
    root.set("versions", versions);
    root.set("n-shot", shots);
    root.set("higher_is_better", higherIsBetter);
    root.set("n-samples", samples);
    String location = column.facts().getOrDefault("folder", column.name());
    ObjectNode config = root.putObject("config");
    config.put("model", "instella");
    config.put("model_args", "pretrained=" + location);
    column.facts().forEach((key, value) -> config.put("model_" + key.replace('-', '_'), value));
    config.put("batch_size", 1);
    config.put("device", column.facts().getOrDefault("device", "cpu"));
    config.put("bootstrap_iters", 0);
    for (String seed : List.of("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")) {
      config.putNull(seed);
    }
    content.configuration().forEach(config.putObject("instella")::put);
    root.put("date", content.date().toEpochMilli() / 1000.0);
    ObjectNode hashes = root.putObject("task_hashes");
    taskHashes.forEach(hashes::put);
    root.put("model_source", "instella");
    root.put("model_name", column.name());
    root.put("model_name_sanitized", EvalReport.sanitized(column.name()));
    root.putNull("system_instruction");
    root.putNull("chat_template");
  }
}
