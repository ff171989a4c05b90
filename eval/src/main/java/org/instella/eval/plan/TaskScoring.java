package org.instella.eval.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.eval.metric.ChoiceMetric;
import org.instella.eval.metric.Estimate;
import org.instella.eval.metric.Metric;
import org.instella.eval.metric.ScoredChoice;
import org.instella.eval.metric.ScoredOption;
import org.instella.eval.request.Generated;
import org.instella.eval.request.Likelihood;
import org.instella.eval.task.Aggregation;
import org.instella.eval.task.DocumentRequests;
import org.instella.eval.task.EvalTask;
import org.instella.eval.task.GenerationForm;
import org.instella.eval.task.TaskDocument;

/** The second pass: from answers to numbers, without a model. */
public final class TaskScoring {
  private TaskScoring() {}

  /**
   * The result of a task.
   *
   * @param documents what {@link EvalTask#documents} gave
   * @throws DataException if an answer is missing or is no number
   */
  public static TaskResult of(EvalTask task, List<TaskDocument> documents, ScoredRows rows) {
    Map<String, List<DocumentResult>> bySubtask = new LinkedHashMap<>();
    for (TaskDocument document : documents) {
      bySubtask
          .computeIfAbsent(document.task(), name -> new ArrayList<>())
          .add(result(task, document, rows));
    }
    List<TaskResult> parts = new ArrayList<>();
    bySubtask.forEach((name, results) -> parts.add(single(task, name, results)));
    return task.splitBy().isEmpty() ? parts.get(0) : group(task, parts);
  }

  private static TaskResult single(EvalTask task, String name, List<DocumentResult> documents) {
    Map<Metric, Estimate> estimates = new LinkedHashMap<>();
    for (Metric metric : task.metrics()) {
      if (documents.stream().allMatch(document -> document.values().containsKey(metric.id()))) {
        estimates.put(
            metric,
            Estimate.ofMean(
                documents.stream().mapToDouble(d -> d.values().get(metric.id())).toArray()));
      }
    }
    if (!estimates.containsKey(task.primaryMetric())) {
      throw new DataException(
          EvalError.METRIC_WITHOUT_DATA,
          "Task %s: %s needs more than one choice and, if unconditional, requests for it"
              .formatted(name, task.primaryMetric().id()));
    }
    return new TaskResult(task, name, estimates, chance(documents), documents, List.of());
  }

  private static TaskResult group(EvalTask task, List<TaskResult> parts) {
    Map<Metric, Estimate> estimates = new LinkedHashMap<>();
    for (Metric metric : parts.get(0).estimates().keySet()) {
      List<Estimate> each = parts.stream().map(part -> part.estimates().get(metric)).toList();
      estimates.put(
          metric,
          task.aggregation() == Aggregation.MACRO ? Estimate.macro(each) : Estimate.micro(each));
    }
    List<DocumentResult> all = parts.stream().flatMap(p -> p.documents().stream()).toList();
    return new TaskResult(task, task.name(), estimates, chance(all), all, parts);
  }

  private static OptionalDouble chance(List<DocumentResult> documents) {
    double sum = 0;
    for (DocumentResult document : documents) {
      if (document.choice().isEmpty() || document.choice().get().options().size() < 2) {
        return OptionalDouble.empty();
      }
      sum += 1.0 / document.choice().get().options().size();
    }
    return OptionalDouble.of(sum / documents.size());
  }

  private static DocumentResult result(EvalTask task, TaskDocument document, ScoredRows rows) {
    if (document.requests() instanceof DocumentRequests.Choice question) {
      return choice(task, document, question, rows);
    }
    return generation(task, document, (DocumentRequests.Generation) document.requests(), rows);
  }

  private static DocumentResult choice(
      EvalTask task, TaskDocument document, DocumentRequests.Choice question, ScoredRows rows) {
    int count = question.choices().size();
    List<Likelihood> conditional =
        rows.of(key(document, UnitKey.Part.CONDITIONAL), count, Likelihood.class);
    List<Likelihood> without =
        question.unconditional().isEmpty()
            ? List.of()
            : rows.of(key(document, UnitKey.Part.UNCONDITIONAL), count, Likelihood.class);
    List<ScoredOption> options = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Likelihood answer = conditional.get(i);
      options.add(
          new ScoredOption(
              question.choices().get(i),
              question.conditional().get(i).continuation(),
              number(document, answer),
              answer.tokens(),
              answer.greedy(),
              without.isEmpty()
                  ? OptionalDouble.empty()
                  : OptionalDouble.of(number(document, without.get(i)))));
    }
    ScoredChoice scored = new ScoredChoice(options, question.gold());
    SortedMap<String, Double> values = new TreeMap<>();
    for (Metric metric : task.metrics()) {
      if (metric instanceof ChoiceMetric choice && choice.appliesTo(scored)) {
        values.put(choice.id(), choice.of(scored));
      }
    }
    return new DocumentResult(
        document, conditional, Optional.of(scored), Optional.empty(), Optional.empty(), values);
  }

  private static DocumentResult generation(
      EvalTask task, TaskDocument document, DocumentRequests.Generation asked, ScoredRows rows) {
    Generated answer = rows.of(key(document, UnitKey.Part.GENERATION), 1, Generated.class).get(0);
    String extracted = ((GenerationForm) task.form()).answer().extract(answer.text());
    SortedMap<String, Double> values = new TreeMap<>();
    boolean right = task.matching().matches(extracted, asked.target());
    task.metrics().forEach(metric -> values.put(metric.id(), right ? 1.0 : 0.0));
    return new DocumentResult(
        document,
        List.of(),
        Optional.empty(),
        Optional.of(answer.text()),
        Optional.of(extracted),
        values);
  }

  private static UnitKey key(TaskDocument document, UnitKey.Part part) {
    return new UnitKey(document.task(), document.index(), part);
  }

  private static double number(TaskDocument document, Likelihood answer) {
    if (Double.isNaN(answer.logProbability())) {
      throw new DataException(
          EvalError.NOT_A_NUMBER,
          "Task %s document %d: the model's log-probability is no number; its weights or its"
                  .formatted(document.task(), document.index())
              + " precision overflow");
    }
    return answer.logProbability();
  }
}
