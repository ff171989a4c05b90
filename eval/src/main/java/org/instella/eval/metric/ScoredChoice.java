package org.instella.eval.metric;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** A multiple-choice question after the model has spoken. */
public record ScoredChoice(List<ScoredOption> options, int gold) {
  public ScoredChoice {
    options = List.copyOf(options);
  }

  public ScoredOption goldOption() {
    return options.get(gold);
  }

  /** Index of the largest value; the first of equals, as numpy's argmax. */
  public int best(ToDoubleFunction<ScoredOption> value) {
    int best = 0;
    for (int i = 1; i < options.size(); i++) {
      if (value.applyAsDouble(options.get(i)) > value.applyAsDouble(options.get(best))) {
        best = i;
      }
    }
    return best;
  }

  /** 1 if the largest value belongs to the right option, else 0. */
  double hit(ToDoubleFunction<ScoredOption> value) {
    return best(value) == gold ? 1 : 0;
  }

  boolean hasUnconditional() {
    return options.stream().allMatch(option -> option.unconditional().isPresent());
  }
}
