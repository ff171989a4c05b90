package org.instella.eval.task;

import java.util.List;
import java.util.Optional;

/**
 * Which choice is right.
 *
 * @param value what the row says
 * @param steps done to it first
 * @param among the value's place in this list is the index of the right choice
 * @param amongField as {@code among}, with the list in the row; without either list the value is
 *     the index itself
 */
public record GoldRule(
    Template value, List<TextStep> steps, List<String> among, Optional<String> amongField) {
  public GoldRule {
    steps = List.copyOf(steps);
    among = List.copyOf(among);
  }

  int index(Item item, int choices) {
    String text = TextStep.apply(steps, value.fill(item));
    List<String> labels = amongField.isPresent() ? item.texts(amongField.get()) : among;
    int index = labels.isEmpty() ? number(item, text) : labels.indexOf(text);
    if (index < 0 || index >= choices) {
      throw item.bad(
          labels.isEmpty()
              ? "gold %s is outside the %d choices".formatted(text, choices)
              : "gold \"%s\" is none of %s".formatted(text, labels));
    }
    return index;
  }

  private static int number(Item item, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw item.bad("gold \"%s\" is no number".formatted(text));
    }
  }
}
