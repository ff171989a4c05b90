package org.instella.eval.request;

/** The loss of a whole text, read in windows of the model's length, each token predicted once. */
public record RollingLoss(String text) implements EvalRequest {
  @Override
  public long characters() {
    return text.length();
  }
}
