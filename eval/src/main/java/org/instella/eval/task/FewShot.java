package org.instella.eval.task;

import java.util.List;
import java.util.Optional;

/**
 * Worked examples in front of every question: the first {@code count} rows of a file, the same for
 * every document.
 *
 * @param items where to look for the file, as {@link ItemFiles} does
 * @param same if present, only rows that agree with the document in this field
 */
public record FewShot(int count, List<String> items, Optional<String> same) {
  public static final FewShot NONE = new FewShot(0, List.of(), Optional.empty());

  public FewShot {
    items = List.copyOf(items);
  }
}
