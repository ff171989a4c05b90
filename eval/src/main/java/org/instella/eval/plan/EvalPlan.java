package org.instella.eval.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.instella.eval.loss.HeldOutDocument;
import org.instella.eval.request.EvalRequest;
import org.instella.eval.request.RollingLoss;
import org.instella.eval.task.DocumentRequests;
import org.instella.eval.task.TaskDocument;

/**
 * The units of an evaluation and how they are cut into partitions. A pure function of its input: no
 * clock, no machine.
 *
 * <p>Units are sorted by task (whose documents share their head: description and shots), kind and
 * length bucket, longest first, and the row is cut into partitions of about equal size. So a
 * partition sees few different lengths and few different heads, and a model that runs out of memory
 * does so on its first unit.
 */
public final class EvalPlan {
  private static final Comparator<EvalUnit> ORDER =
      Comparator.comparing((EvalUnit unit) -> unit.key().task())
          .thenComparing(unit -> unit.key().part())
          .thenComparing(EvalPlan::lengthBucket, Comparator.reverseOrder())
          .thenComparing(EvalUnit::key);

  private EvalPlan() {}

  /** What the documents ask. */
  public static List<EvalUnit> units(List<TaskDocument> documents) {
    List<EvalUnit> units = new ArrayList<>();
    for (TaskDocument document : documents) {
      if (document.requests() instanceof DocumentRequests.Choice choice) {
        units.add(unit(document, UnitKey.Part.CONDITIONAL, choice.conditional()));
        if (!choice.unconditional().isEmpty()) {
          units.add(unit(document, UnitKey.Part.UNCONDITIONAL, choice.unconditional()));
        }
      } else if (document.requests() instanceof DocumentRequests.Generation generation) {
        units.add(unit(document, UnitKey.Part.GENERATION, List.of(generation.request())));
      }
    }
    return units;
  }

  /** The loss of every document of a held-out domain. */
  public static List<EvalUnit> lossUnits(String domain, List<HeldOutDocument> documents) {
    List<EvalUnit> units = new ArrayList<>();
    for (int i = 0; i < documents.size(); i++) {
      units.add(
          new EvalUnit(
              new UnitKey(domain, i, UnitKey.Part.TEXT),
              List.of(new RollingLoss(documents.get(i).text()))));
    }
    return units;
  }

  /**
   * Cuts the units into at most {@code count} partitions, none of them empty.
   *
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public static List<EvalPartition> partitions(List<EvalUnit> units, int count) {
    if (count < 1) {
      throw new IllegalArgumentException("cannot cut work into %d partitions".formatted(count));
    }
    List<EvalUnit> sorted = units.stream().sorted(ORDER).toList();
    long total = sorted.stream().mapToLong(EvalUnit::characters).sum();
    List<EvalPartition> partitions = new ArrayList<>();
    List<EvalUnit> current = new ArrayList<>();
    long done = 0;
    for (EvalUnit unit : sorted) {
      current.add(unit);
      done += unit.characters();
      // The share of the work done decides, so that rounding does not pile up in the last one.
      boolean lastOne = partitions.size() == count - 1;
      if (!lastOne && done * count >= total * (partitions.size() + 1)) {
        partitions.add(new EvalPartition(partitions.size(), current));
        current = new ArrayList<>();
      }
    }
    if (!current.isEmpty()) {
      partitions.add(new EvalPartition(partitions.size(), current));
    }
    return partitions;
  }

  /** Lengths of one bucket differ by at most a factor of two. */
  private static int lengthBucket(EvalUnit unit) {
    return Long.SIZE - Long.numberOfLeadingZeros(unit.characters());
  }

  private static EvalUnit unit(
      TaskDocument document, UnitKey.Part part, List<? extends EvalRequest> requests) {
    return new EvalUnit(
        new UnitKey(document.task(), document.index(), part), List.copyOf(requests));
  }
}
