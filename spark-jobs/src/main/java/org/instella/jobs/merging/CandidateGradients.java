package org.instella.jobs.merging;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.search.Candidate;
import org.instella.ensemble.search.LossGradient;
import org.instella.eval.model.ModelSpec;
import org.instella.eval.model.TextGradient;
import org.instella.eval.plan.EvalPartition;
import org.instella.eval.plan.EvalPlan;
import org.instella.eval.plan.EvalUnit;
import org.instella.eval.request.EvalRequest;
import org.instella.eval.request.RollingLoss;
import org.instella.jobs.JobContext;
import org.instella.jobs.cluster.ParallelStage;

/** Slopes of the loss over the documents for choosing; each task takes a share of them. */
final class CandidateGradients implements LossGradient {
  private final JobContext context;
  private final Questions questions;
  private final ModelSpec asked;

  CandidateGradients(JobContext context, Questions questions, ModelSpec asked) {
    this.context = context;
    this.questions = questions;
    this.asked = asked;
  }

  /** What one task found: tokens read, and per tensor the inner product with each model. */
  private record Part(long tokens, List<SortedMap<String, Double>> products)
      implements Serializable {}

  @Override
  public Slopes of(Candidate candidate, List<String> models) {
    List<Location> folders = models.stream().map(Location::of).toList();
    List<Part> parts =
        candidate.use(
            folder -> {
              ModelSpec spec = asked.of("candidate", folder);
              return ParallelStage.run(
                  context.cluster().get(),
                  context.name(),
                  EvalPlan.partitions(
                      questions.choosing(), context.cluster().get().slots().total()),
                  partition -> differentiate(spec, partition, folders));
            });
    double tokens = parts.stream().mapToLong(Part::tokens).sum();
    SortedMap<String, List<Double>> slopes = new TreeMap<>();
    for (String tensor : parts.get(0).products().get(0).keySet()) {
      List<Double> ofModels = new ArrayList<>();
      for (int m = 0; m < models.size(); m++) {
        double sum = 0;
        for (Part part : parts) { // in the order of the partitions
          sum += part.products().get(m).get(tensor);
        }
        ofModels.add(sum / tokens);
      }
      slopes.put(tensor, ofModels);
    }
    return new Slopes(slopes);
  }

  private static Part differentiate(
      ModelSpec spec, EvalPartition partition, List<Location> models) {
    Storage storage = Storage.standard();
    try (TextGradient gradient = TextGradient.open(storage, spec)) {
      long tokens = 0;
      for (EvalUnit unit : partition.units()) {
        for (EvalRequest request : unit.requests()) {
          tokens += gradient.add(((RollingLoss) request).text()).tokens();
        }
      }
      List<SortedMap<String, Double>> products = new ArrayList<>();
      for (Location model : models) {
        products.add(gradient.products(storage, model));
      }
      return new Part(tokens, products);
    }
  }
}
