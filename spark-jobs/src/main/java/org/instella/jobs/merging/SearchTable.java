package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.instella.ensemble.MergeConfig;
import org.instella.eval.metric.PairedTest;
import org.instella.eval.plan.TaskResult;
import org.instella.eval.plan.UnitKey;
import org.instella.eval.report.ModelColumn;
import org.instella.eval.request.TextLoss;
import org.instella.jobs.merging.DocumentBootstrap.Difference;

/**
 * From answers to rows: losses of both halves of the documents, intervals and paired tests against
 * the best individual run. That run is the best on the documents for choosing, so that the table's
 * own documents do not pick their opponent.
 */
final class SearchTable {
  private final Questions questions;
  private final MergeSearchConfig config;
  private final List<Entry> entries = new ArrayList<>();

  private record Entry(
      String name,
      Optional<MergeConfig> merge,
      String how,
      ModelColumn column,
      Half choosing,
      Half table) {}

  /** Documents of one half: the source of each, its tokens and its nats. */
  private record Half(int[] sources, double[] tokens, double[] nats) {
    double loss() {
      return Arrays.stream(nats).sum() / Arrays.stream(tokens).sum();
    }

    double[] resampled(MergeSearchConfig config) {
      return new DocumentBootstrap(sources, tokens, config.resamples(), config.seed()).losses(nats);
    }
  }

  SearchTable(Questions questions, MergeSearchConfig config) {
    this.questions = questions;
    this.config = config;
  }

  /** Takes a candidate in; the order of the table is the order of the calls. */
  void add(String name, Optional<MergeConfig> merge, String how, ModelColumn column) {
    entries.add(new Entry(name, merge, how, column, half(column, true), half(column, false)));
  }

  /** Losses of the candidate that came last, for the progress line. */
  String lastLoss() {
    Entry last = entries.get(entries.size() - 1);
    return "loss %.4f for choosing, %.4f for the table"
        .formatted(last.choosing().loss(), last.table().loss());
  }

  /** How much every candidate was asked. */
  SearchOutcome.Sizes sizes() {
    Entry any = entries.get(0);
    return new SearchOutcome.Sizes(
        any.choosing().nats().length,
        (long) Arrays.stream(any.choosing().tokens()).sum(),
        any.table().nats().length,
        (long) Arrays.stream(any.table().tokens()).sum(),
        any.column().tasks().stream().mapToInt(task -> task.documents().size()).sum());
  }

  /** All rows. */
  List<SearchRow> rows() {
    Entry best = bestSingle();
    double[] bestLosses = best.table().resampled(config);
    List<SearchRow> rows = new ArrayList<>();
    for (Entry entry : entries) {
      double[] losses = entry.table().resampled(config);
      boolean itself = entry == best;
      rows.add(
          new SearchRow(
              entry.name(),
              entry.merge(),
              entry.how(),
              entry.choosing().loss(),
              entry.table().loss(),
              DocumentBootstrap.interval(losses),
              itself
                  ? Optional.empty()
                  : Optional.of(
                      Difference.of(
                          entry.table().loss() - best.table().loss(), bestLosses, losses)),
              entry.column(),
              itself ? List.of() : tests(best.column(), entry.column()),
              itself ? Optional.empty() : allTasks(best.column(), entry.column())));
    }
    return rows;
  }

  /** Name of the individual run with the smallest loss on the documents for choosing. */
  String best() {
    return bestSingle().name();
  }

  /** Name of the candidate that the recipe's rule keeps. */
  String picked(List<SearchRow> rows) {
    return switch (config.pick()) {
      case LOSS -> smallest(rows).name();
      case SIMPLEST -> simplest(smallest(rows).name());
      case ACCURACY ->
          rows.stream()
              .min(
                  Comparator.comparingDouble((SearchRow row) -> -row.meanScore())
                      .thenComparingDouble(SearchRow::choosingLoss))
              .orElseThrow()
              .name();
    };
  }

  private static SearchRow smallest(List<SearchRow> rows) {
    return rows.stream().min(Comparator.comparingDouble(SearchRow::choosingLoss)).orElseThrow();
  }

  private String simplest(String smallest) {
    Entry best =
        entries.stream().filter(entry -> entry.name().equals(smallest)).findFirst().orElseThrow();
    double[] bestLosses = best.choosing().resampled(config);
    return entries.stream()
        .filter(
            entry ->
                Difference.of(0, bestLosses, entry.choosing().resampled(config)).interval().low()
                    <= 0)
        .findFirst()
        .orElseThrow()
        .name();
  }

  private Entry bestSingle() {
    return entries.stream()
        .filter(entry -> entry.merge().isEmpty())
        .min(Comparator.comparingDouble(entry -> entry.choosing().loss()))
        .orElseThrow();
  }

  private Half half(ModelColumn column, boolean choosing) {
    List<double[]> documents = new ArrayList<>();
    for (int source = 0; source < column.losses().size(); source++) {
      List<TextLoss> losses = column.losses().get(source).documents();
      for (int i = 0; i < losses.size(); i++) {
        UnitKey key = new UnitKey(column.losses().get(source).domain(), i, UnitKey.Part.TEXT);
        if (questions.chooses(key) == choosing) {
          documents.add(new double[] {source, losses.get(i).tokens(), losses.get(i).nats()});
        }
      }
    }
    return new Half(
        documents.stream().mapToInt(document -> (int) document[0]).toArray(),
        documents.stream().mapToDouble(document -> document[1]).toArray(),
        documents.stream().mapToDouble(document -> document[2]).toArray());
  }

  private List<PairedTest> tests(ModelColumn first, ModelColumn second) {
    List<PairedTest> tests = new ArrayList<>();
    for (int t = 0; t < first.tasks().size(); t++) {
      tests.add(
          PairedTest.of(
              first.tasks().get(t).primaryValues(),
              second.tasks().get(t).primaryValues(),
              config.seed()));
    }
    return tests;
  }

  private Optional<PairedTest> allTasks(ModelColumn first, ModelColumn second) {
    return first.tasks().isEmpty()
        ? Optional.empty()
        : Optional.of(PairedTest.of(values(first), values(second), config.seed()));
  }

  private static double[] values(ModelColumn column) {
    return column.tasks().stream()
        .map(TaskResult::primaryValues)
        .flatMapToDouble(Arrays::stream)
        .toArray();
  }
}
