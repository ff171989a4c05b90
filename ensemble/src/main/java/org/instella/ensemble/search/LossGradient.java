package org.instella.ensemble.search;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** How the held-out loss of a candidate changes with the share of each model in each tensor. */
@FunctionalInterface
public interface LossGradient {
  /**
   * Differentiates at a candidate: one forward and backward pass over the documents.
   *
   * @param models folders whose shares are asked about
   */
  Slopes of(Candidate candidate, List<String> models);

  /**
   * Derivatives of the mean loss. A merged tensor is the sum of the models' tensors times their
   * shares, so each is the inner product of the loss's gradient with the model's tensor.
   *
   * @param byTensor tensor, then one number per model
   */
  record Slopes(SortedMap<String, List<Double>> byTensor) {
    public Slopes {
      byTensor = Collections.unmodifiableSortedMap(new TreeMap<>(byTensor));
    }
  }
}
