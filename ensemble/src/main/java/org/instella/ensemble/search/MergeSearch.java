package org.instella.ensemble.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.MergeStage;
import org.instella.ensemble.method.LinearMerge;

/**
 * Judges models and merges side by side and picks the best, by the smallest held-out loss; on a tie
 * the one named first, so single models go before merges and simple merges before learned ones.
 *
 * @param rows one per candidate, in the order of naming
 */
public record MergeSearch(List<Row> rows) {
  public MergeSearch {
    rows = List.copyOf(rows);
  }

  /**
   * One candidate.
   *
   * @param name what the table calls it
   * @param merge how to make it; a single model is a merge of one
   * @param heldOutLoss mean loss on held-out data
   */
  public record Row(String name, MergeConfig merge, double heldOutLoss) {}

  /** Evaluates single models, then merges. */
  public static MergeSearch run(
      List<String> models, Map<String, MergeConfig> merges, Candidates candidates) {
    List<Row> rows = new ArrayList<>();
    for (String model : models) {
      rows.add(
          new Row(
              model.substring(model.lastIndexOf('/') + 1),
              MergeConfig.of(MergeStage.of(List.of(model), LinearMerge.mean(1))),
              candidates.lossOfModel(model)));
    }
    merges.forEach((name, merge) -> rows.add(new Row(name, merge, candidates.lossOf(merge))));
    return new MergeSearch(rows);
  }

  public Row best() {
    return rows.stream().min(Comparator.comparingDouble(Row::heldOutLoss)).orElseThrow();
  }
}
