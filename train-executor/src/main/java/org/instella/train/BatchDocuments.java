package org.instella.train;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.instella.train.data.Batch;
import org.instella.train.data.DocumentSpan;

/** Leads from a step back to the documents whose tokens stood in its batch. */
record BatchDocuments(TrainConfig config, RunData data) {

  /** The documents of some micro-batches of a step, in the order of the batch. */
  List<DocumentSpan> of(long step, List<Integer> microBatches) {
    Batch.Place place = data.plan().place(step);
    List<DocumentSpan> documents = new ArrayList<>();
    for (int microBatch : microBatches) {
      for (int i = 0; i < config.microBatch(); i++) {
        long position = place.position() + (long) microBatch * config.microBatch() + i;
        documents.addAll(data.mixture().documents(data.order().sample(place.epoch(), position)));
      }
    }
    return documents;
  }

  /** The documents of the whole global batch. */
  List<DocumentSpan> all(long step) {
    return of(step, IntStream.range(0, config.microBatches()).boxed().toList());
  }
}
