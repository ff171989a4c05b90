package org.instella.train;

import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.train.data.Batch;
import org.instella.train.data.DocumentSpan;

/** Says which documents stood in a batch whose loss or gradient is not finite. */
final class NonFiniteReport {
  private static final int DOCUMENTS_SHOWN = 8;

  private NonFiniteReport() {}

  /**
   * One line with step, loss, norm and documents: those of the micro-batches with a bad loss, else
   * of all.
   */
  static String of(
      long step,
      double loss,
      double norm,
      Batch.Place place,
      StepExchange exchange,
      RunData data,
      TrainConfig config) {
    List<Integer> suspects = new ArrayList<>();
    for (int i = 0; i < config.microBatches(); i++) {
      if (!exchange.finite(i)) {
        suspects.add(i);
      }
    }
    boolean all = suspects.isEmpty();
    List<DocumentSpan> documents = new ArrayList<>();
    for (int i = 0; i < config.microBatches(); i++) {
      if (all || suspects.contains(i)) {
        for (int j = 0; j < config.microBatch(); j++) {
          long position = place.position() + (long) i * config.microBatch() + j;
          documents.addAll(data.mixture().documents(data.order().sample(place.epoch(), position)));
        }
      }
    }
    List<DocumentSpan> shown = documents.subList(0, Math.min(DOCUMENTS_SHOWN, documents.size()));
    return "step=%d loss=%s gradient-norm=%s micro-batches=%s documents=%d: %s%s"
        .formatted(
            step,
            loss,
            norm,
            all ? "all" : suspects.toString(),
            documents.size(),
            String.join("; ", shown.stream().map(DocumentSpan::toString).toList()),
            documents.size() > shown.size() ? "; ..." : "");
  }

  static DataException stop(String report) {
    return new DataException(
        TrainError.LOSS_NOT_FINITE,
        "The loss or the gradient is not finite: %s. Look at these documents, lower the learning rate, or set train.loss.non-finite = skip-batch"
            .formatted(report));
  }
}
