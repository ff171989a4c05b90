package org.instella.train;

import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.train.data.DocumentSpan;

/**
 * Says what is wrong with a step whose loss or gradient is not finite, and which documents stood in
 * it: those of the micro-batches with a bad loss, else of all.
 *
 * @param reason step, loss, norm and micro-batches
 * @param documents in the order of the batch
 */
record NonFiniteReport(String reason, List<DocumentSpan> documents) {
  private static final int DOCUMENTS_SHOWN = 8;

  static NonFiniteReport of(
      long step, double loss, double norm, StepExchange exchange, BatchDocuments batch) {
    List<Integer> suspects = new ArrayList<>();
    for (int i = 0; i < exchange.microBatches(); i++) {
      if (!Double.isFinite(exchange.loss(i))) {
        suspects.add(i);
      }
    }
    String reason =
        "step=%d loss=%s gradient-norm=%s micro-batches=%s"
            .formatted(step, loss, norm, suspects.isEmpty() ? "all" : suspects.toString());
    return new NonFiniteReport(
        reason, suspects.isEmpty() ? batch.all(step) : batch.of(step, suspects));
  }

  /** One line, with the first documents. */
  String text() {
    List<DocumentSpan> shown = documents.subList(0, Math.min(DOCUMENTS_SHOWN, documents.size()));
    return "%s documents=%d: %s%s"
        .formatted(
            reason,
            documents.size(),
            String.join("; ", shown.stream().map(DocumentSpan::toString).toList()),
            documents.size() > shown.size() ? "; ..." : "");
  }

  /** What ends the run. */
  DataException stop(String advice) {
    return new DataException(
        TrainError.LOSS_NOT_FINITE,
        "The loss or the gradient is not finite: %s. %s".formatted(text(), advice));
  }
}
