package org.instella.jobs.merging;

import java.util.List;
import java.util.Optional;
import org.instella.ensemble.CompatibilityReport;
import org.instella.ensemble.ModelDistances;
import org.instella.ensemble.search.GreedySoup.Soup;
import org.instella.ensemble.search.LearnedWeights.Learned;
import org.instella.ensemble.search.LineScan.Line;

/**
 * Everything a search found, as its reports show it.
 *
 * @param models names of the individual runs
 * @param best name of the best of them on the documents for choosing
 * @param picked name of the row that is kept
 * @param sizes documents and tokens of both halves, questions
 * @param lines loss along the lines between the runs, on the documents for choosing
 * @param distances between the runs and, last, the base where there is one
 */
record SearchOutcome(
    MergeSearchConfig config,
    List<String> models,
    List<SearchRow> rows,
    String best,
    String picked,
    Sizes sizes,
    Optional<Soup> soup,
    List<Weights> weights,
    List<Line> lines,
    CompatibilityReport compatibility,
    ModelDistances distances) {
  SearchOutcome {
    models = List.copyOf(models);
    rows = List.copyOf(rows);
    weights = List.copyOf(weights);
    lines = List.copyOf(lines);
  }

  /** How much was asked. */
  record Sizes(
      int choosingDocuments,
      long choosingTokens,
      int tableDocuments,
      long tableTokens,
      int questions) {}

  /**
   * Weights that a search found.
   *
   * @param row name in the table
   * @param groups names of what has weights of its own
   */
  record Weights(String row, List<String> groups, Learned learned) {
    Weights {
      groups = List.copyOf(groups);
    }
  }

  SearchRow row(String name) {
    return rows.stream().filter(row -> row.name().equals(name)).findFirst().orElseThrow();
  }

  /** The short name of a model's folder. */
  String nameOf(String folder) {
    return config.models().entrySet().stream()
        .filter(entry -> entry.getValue().equals(folder))
        .findFirst()
        .orElseThrow()
        .getKey();
  }
}
