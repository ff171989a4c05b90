package org.instella.eval.task;

import java.util.List;

/** A field that a task computes from the others before it fills its templates. */
public record DerivedField(String name, Template from, List<TextStep> steps) {
  public DerivedField {
    steps = List.copyOf(steps);
  }

  Item addTo(Item item) {
    return item.with(name, TextStep.apply(steps, from.fill(item)));
  }
}
