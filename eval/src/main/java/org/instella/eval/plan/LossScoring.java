package org.instella.eval.plan;

import java.util.ArrayList;
import java.util.List;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.loss.HeldOutDocument;
import org.instella.eval.request.TextLoss;

/** The second pass for held-out text: from answers to the loss of a domain. */
public final class LossScoring {
  private LossScoring() {}

  /**
   * @param documents what {@link EvalPlan#lossUnits} was given
   */
  public static DomainLoss of(String domain, List<HeldOutDocument> documents, ScoredRows rows) {
    List<TextLoss> losses = new ArrayList<>();
    for (int i = 0; i < documents.size(); i++) {
      UnitKey key = new UnitKey(domain, i, UnitKey.Part.TEXT);
      losses.add(rows.of(key, 1, TextLoss.class).get(0));
    }
    return DomainLoss.of(domain, losses);
  }
}
