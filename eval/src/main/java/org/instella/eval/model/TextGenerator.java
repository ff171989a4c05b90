package org.instella.eval.model;

import java.util.List;

/** Writes text greedily: the part of a model that {@code generate-until} tasks need. */
public interface TextGenerator extends AutoCloseable {

  /**
   * The most likely next tokens, one by one, until the end-of-text token, one of {@code stops} in
   * the decoded text, or the limit.
   *
   * @return the new ids, without the end-of-text token; a stop text may still be in them
   */
  int[] greedy(int[] prompt, int maxNewTokens, List<String> stops);

  @Override
  void close();
}
