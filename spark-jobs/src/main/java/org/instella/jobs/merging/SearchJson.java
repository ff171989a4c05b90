package org.instella.jobs.merging;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.instella.ensemble.ModelDistances;
import org.instella.ensemble.search.GreedySoup;
import org.instella.ensemble.search.LineScan;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.metric.Interval;
import org.instella.eval.metric.PairedTest;
import org.instella.eval.plan.TaskResult;

/** Every number of a search for other programs. */
final class SearchJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SearchJson() {}

  static String render(SearchOutcome outcome) {
    ObjectNode root = JSON.createObjectNode();
    root.put("title", outcome.config().title());
    root.put("picked", outcome.picked());
    root.put("rule", outcome.config().pick().words());
    root.put("best_individual", outcome.best());
    ObjectNode sizes = root.putObject("sizes");
    sizes.put("choosing_documents", outcome.sizes().choosingDocuments());
    sizes.put("choosing_tokens", outcome.sizes().choosingTokens());
    sizes.put("table_documents", outcome.sizes().tableDocuments());
    sizes.put("table_tokens", outcome.sizes().tableTokens());
    sizes.put("questions", outcome.sizes().questions());
    sizes.put("resamples", outcome.config().resamples());
    sizes.put("seed", outcome.config().seed());
    ArrayNode rows = root.putArray("rows");
    outcome.rows().forEach(row -> row(rows.addObject(), row));
    outcome.soup().ifPresent(soup -> soup(root.putArray("greedy_soup"), soup, outcome));
    ArrayNode weights = root.putArray("learned_weights");
    outcome.weights().forEach(found -> weights(weights.addObject(), found, outcome));
    ArrayNode lines = root.putArray("lines");
    outcome.lines().forEach(line -> line(lines.addObject(), line, outcome));
    distances(root.putArray("distances"), outcome);
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("numbers and texts have a JSON form", e);
    }
  }

  private static void row(ObjectNode node, SearchRow row) {
    node.put("name", row.name());
    node.put("how", row.how());
    row.merge().ifPresent(merge -> merge.description().forEach(node.putObject("merge")::put));
    node.put("choosing_loss", row.choosingLoss());
    node.put("loss", row.loss());
    interval(node.putArray("loss_interval"), row.interval());
    row.against()
        .ifPresent(
            against -> {
              ObjectNode difference = node.putObject("against_best_individual");
              difference.put("difference", against.difference());
              interval(difference.putArray("interval"), against.interval());
              difference.put("p_bootstrap", against.pValue());
            });
    ObjectNode sources = node.putObject("loss_by_source");
    for (DomainLoss loss : row.column().losses()) {
      sources.put(loss.domain(), loss.perToken());
    }
    ObjectNode tasks = node.putObject("tasks");
    for (int t = 0; t < row.column().tasks().size(); t++) {
      TaskResult result = row.column().tasks().get(t);
      ObjectNode task = tasks.putObject(result.name());
      task.put("metric", result.task().primaryMetric().id());
      task.put("value", result.primary().value());
      result.primary().standardError().ifPresent(error -> task.put("standard_error", error));
      if (!row.tasks().isEmpty()) {
        test(task, row.tasks().get(t));
      }
    }
    row.allTasks().ifPresent(test -> test(node.putObject("all_tasks"), test));
  }

  private static void test(ObjectNode node, PairedTest test) {
    node.put("difference", test.difference());
    interval(node.putArray("interval"), test.interval());
    node.put("p", test.pValue());
  }

  private static void interval(ArrayNode node, Interval interval) {
    node.add(interval.low()).add(interval.high());
  }

  private static void soup(ArrayNode trials, GreedySoup.Soup soup, SearchOutcome outcome) {
    for (GreedySoup.Trial trial : soup.trials()) {
      ObjectNode node = trials.addObject();
      node.put("model", outcome.nameOf(trial.model()));
      node.put("own_loss", trial.ownLoss());
      node.put("soup_loss", trial.soupLoss());
      node.put("joined", trial.joined());
    }
  }

  private static void weights(ObjectNode node, SearchOutcome.Weights found, SearchOutcome outcome) {
    node.put("row", found.row());
    node.put("choosing_loss", found.learned().loss());
    node.put("uniform_choosing_loss", found.learned().uniformLoss());
    ArrayNode groups = node.putArray("groups");
    for (int g = 0; g < found.groups().size(); g++) {
      ObjectNode group = groups.addObject();
      group.put("match", found.groups().get(g));
      ObjectNode shares = group.putObject("weights");
      for (int m = 0; m < outcome.models().size(); m++) {
        shares.put(outcome.models().get(m), found.learned().weights().get(g).get(m));
      }
    }
  }

  private static void line(ObjectNode node, LineScan.Line line, SearchOutcome outcome) {
    node.put("from", outcome.nameOf(line.from()));
    node.put("to", outcome.nameOf(line.to()));
    node.put("barrier", line.barrier());
    ArrayNode points = node.putArray("points");
    line.points().forEach(point -> points.addArray().add(point.share()).add(point.loss()));
  }

  private static void distances(ArrayNode rows, SearchOutcome outcome) {
    for (ModelDistances.Distance row : outcome.distances().layers()) {
      ObjectNode node = rows.addObject();
      node.put("layer", row.item());
      node.put("a", outcome.distances().models().get(row.a()));
      node.put("b", outcome.distances().models().get(row.b()));
      node.put("cosine", row.cosine());
      node.put("difference_norm", row.differenceNorm());
      node.put("relative_difference", row.relativeDifference());
    }
  }
}
