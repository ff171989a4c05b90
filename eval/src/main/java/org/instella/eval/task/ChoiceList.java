package org.instella.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The answers to choose from.
 *
 * @param each one template per answer, or empty if {@code listField} names a list in the row
 * @param listField field that holds the answers as a list
 * @param steps done to each answer
 * @param letters if present, the prompt shows the answers as lines of this form ({@code {letter}}
 *     and {@code {text}}) where it says {@code {options}}, and the model chooses among the letters
 */
public record ChoiceList(
    List<Template> each,
    Optional<String> listField,
    List<TextStep> steps,
    Optional<Template> letters) {
  public ChoiceList {
    each = List.copyOf(each);
    steps = List.copyOf(steps);
  }

  /** The answers' texts. */
  List<String> texts(Item item) {
    List<String> raw =
        listField.isPresent()
            ? item.texts(listField.get())
            : each.stream().map(template -> template.fill(item)).toList();
    List<String> texts = new ArrayList<>();
    for (String text : raw) {
      String choice = TextStep.apply(steps, text);
      if (choice.isEmpty()) {
        throw item.bad("choice %d is empty: a continuation needs text".formatted(texts.size()));
      }
      texts.add(choice);
    }
    if (texts.isEmpty()) {
      throw item.bad("there are no choices");
    }
    return texts;
  }

  /** What the model chooses among: the texts, or their letters. */
  List<String> continuations(List<String> texts) {
    if (letters.isEmpty()) {
      return texts;
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      names.add(letter(i));
    }
    return names;
  }

  /** The item with {@code {options}} filled in, if this task shows its options. */
  Item withOptions(Item item, List<String> texts) {
    if (letters.isEmpty()) {
      return item;
    }
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      Item line = item.with("letter", letter(i)).with("text", texts.get(i));
      lines.add(letters.get().fill(line));
    }
    return item.with("options", String.join("\n", lines));
  }

  private static String letter(int index) {
    return String.valueOf((char) ('A' + index));
  }
}
