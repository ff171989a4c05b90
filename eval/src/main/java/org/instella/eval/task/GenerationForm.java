package org.instella.eval.task;

import java.util.List;
import org.instella.eval.request.GenerateUntil;

/**
 * A free answer, cut out of the generated text and compared with a target.
 *
 * @param description stands in front of everything, with its own newlines
 * @param shotAnswer what follows the prompt of a worked example, with its leading space
 * @param target the right answer before extraction
 * @param answer cuts the answer out of a text; applied to the target as well
 */
public record GenerationForm(
    Template description,
    Template prompt,
    Template shotAnswer,
    DerivedField target,
    AnswerExtractor answer,
    List<String> stops,
    int maxNewTokens,
    boolean cutContext)
    implements TaskForm {
  public GenerationForm {
    stops = List.copyOf(stops);
  }

  DocumentRequests requests(Item row, List<Item> shots) {
    StringBuilder context = new StringBuilder(description.fill(row));
    for (Item shot : shots) {
      context.append(prompt.fill(shot)).append(shotAnswer.fill(shot)).append("\n\n");
    }
    context.append(prompt.fill(row));
    String right = answer.extract(TextStep.apply(target.steps(), target.from().fill(row)));
    return new DocumentRequests.Generation(
        new GenerateUntil(context.toString(), stops, maxNewTokens, cutContext), right);
  }
}
