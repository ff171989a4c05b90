package org.instella.model.generate;

import java.util.List;

/**
 * What a model said.
 *
 * @param tokens all generated ids, the one that stopped it included
 * @param text their text, without a stop token and cut before the first stop string
 * @param reason why it ended
 */
public record Generation(List<Integer> tokens, String text, FinishReason reason) {
  /** Why a generation ended. */
  public enum FinishReason {
    /** One of the stop ids. */
    STOP_TOKEN,
    /** One of the stop strings. */
    STOP_STRING,
    /** The most tokens that were asked for. */
    LENGTH,
    /** The most positions that the model has. */
    CONTEXT_FULL
  }

  public Generation {
    tokens = List.copyOf(tokens);
  }
}
