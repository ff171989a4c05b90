package org.instella.eval.task;

import java.util.ArrayList;
import java.util.List;

/**
 * The fixed subset that OLMES scores: {@code Random(seed).sample(documents, count)}, in that order;
 * all documents, in the file's order, where there are no more than {@code count}.
 */
public record Sample(int count, long seed) {

  <T> List<T> of(List<T> all) {
    if (all.size() <= count) {
      return all;
    }
    List<T> drawn = new ArrayList<>(count);
    for (int index : new PythonRandom(seed).sample(all.size(), count)) {
      drawn.add(all.get(index));
    }
    return drawn;
  }
}
