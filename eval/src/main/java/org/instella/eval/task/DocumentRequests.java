package org.instella.eval.task;

import java.util.List;
import org.instella.eval.request.GenerateUntil;
import org.instella.eval.request.Loglikelihood;

/** What a document asks of the model, and the answer key. */
public sealed interface DocumentRequests {

  /** The answer key as text, for sample files. */
  String target();

  /**
   * A choice among options by their log-probabilities.
   *
   * @param choices the options' texts, without the delimiter
   * @param conditional one request per option
   * @param unconditional the same continuations after a context that says nothing, or empty
   * @param gold index of the right option
   */
  record Choice(
      List<String> choices,
      List<Loglikelihood> conditional,
      List<Loglikelihood> unconditional,
      int gold)
      implements DocumentRequests {
    public Choice {
      choices = List.copyOf(choices);
      conditional = List.copyOf(conditional);
      unconditional = List.copyOf(unconditional);
    }

    @Override
    public String target() {
      return choices.get(gold);
    }
  }

  /**
   * A text to write.
   *
   * @param target the answer that the extracted one must equal
   */
  record Generation(GenerateUntil request, String target) implements DocumentRequests {}
}
