package org.instella.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.instella.eval.request.Loglikelihood;

/**
 * Multiple choice by log-likelihood.
 *
 * @param description stands in front of everything, with its own newlines
 * @param contexts one template for all options, or one per option
 * @param choices the options; where {@code contexts} differ the continuation may be the same
 * @param delimiter between context and continuation; belongs to the continuation
 * @param unconditional context of the unconditional requests, empty for a task without them
 */
public record ChoiceForm(
    Template description,
    List<Template> contexts,
    ChoiceList choices,
    GoldRule gold,
    String delimiter,
    Optional<String> unconditional)
    implements TaskForm {
  public ChoiceForm {
    contexts = List.copyOf(contexts);
  }

  DocumentRequests requests(Item row, List<Item> shots) {
    Question question = question(row);
    String head = description.fill(row) + shotText(shots);
    List<Loglikelihood> conditional = new ArrayList<>();
    List<Loglikelihood> without = new ArrayList<>();
    for (int i = 0; i < question.continuations().size(); i++) {
      String continuation = delimiter + question.continuations().get(i);
      conditional.add(new Loglikelihood(head + question.context(i), continuation));
      unconditional.ifPresent(context -> without.add(new Loglikelihood(context, continuation)));
    }
    return new DocumentRequests.Choice(
        question.continuations(), conditional, without, question.gold());
  }

  private String shotText(List<Item> shots) {
    StringBuilder text = new StringBuilder();
    for (Item shot : shots) {
      Question question = question(shot);
      text.append(question.context(question.gold()))
          .append(delimiter)
          .append(question.continuations().get(question.gold()))
          .append("\n\n");
    }
    return text.toString();
  }

  private Question question(Item row) {
    List<String> texts = choices.texts(row);
    Item shown = choices.withOptions(row, texts);
    if (contexts.size() > 1 && contexts.size() != texts.size()) {
      throw row.bad("%d contexts but %d choices".formatted(contexts.size(), texts.size()));
    }
    return new Question(
        contexts.stream().map(template -> template.fill(shown)).toList(),
        choices.continuations(texts),
        gold.index(row, texts.size()));
  }

  private record Question(List<String> contexts, List<String> continuations, int gold) {
    String context(int option) {
      return contexts.get(contexts.size() == 1 ? 0 : option);
    }
  }
}
