package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.instella.conf.error.StoppedException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.search.Candidate;
import org.instella.ensemble.search.HeldOutLoss;
import org.instella.eval.model.DecoderLanguageModel;
import org.instella.eval.model.ModelSpec;
import org.instella.eval.model.TokenLanguageModel;
import org.instella.eval.plan.EvalPartition;
import org.instella.eval.plan.EvalPlan;
import org.instella.eval.plan.EvalUnit;
import org.instella.eval.plan.EvalWorker;
import org.instella.eval.plan.ScoredRow;
import org.instella.eval.request.TextLoss;
import org.instella.jobs.JobContext;
import org.instella.jobs.JobError;
import org.instella.jobs.cluster.ParallelStage;
import org.instella.jobs.progress.StopSignal;

/** Asks candidates, each question once, as the evaluation command asks models. */
final class CandidateScores implements HeldOutLoss {
  private final JobContext context;
  private final Questions questions;
  private final ModelSpec asked;
  private final ScoreLedger ledger;

  /**
   * @param asked how models are asked; its folder does not matter
   */
  CandidateScores(JobContext context, Questions questions, ModelSpec asked, ScoreLedger ledger) {
    this.context = context;
    this.questions = questions;
    this.asked = asked;
    this.ledger = ledger;
  }

  /** Nats per token over the documents for choosing. */
  @Override
  public double of(Candidate candidate) {
    String key = questions.choosingKey(candidate.identity());
    List<ScoredRow> rows =
        ledger
            .find(key)
            .orElseGet(
                () -> {
                  List<ScoredRow> answered =
                      candidate.use(folder -> answer(folder, questions.choosing()));
                  ledger.keep(key, answered);
                  return answered;
                });
    double nats = 0;
    long tokens = 0;
    for (ScoredRow row : rows) {
      TextLoss loss = (TextLoss) row.response();
      nats += loss.nats();
      tokens += loss.tokens();
    }
    return nats / tokens;
  }

  /** Answers to all questions; the candidate is made at most once. */
  List<ScoredRow> all(Candidate candidate) {
    String choosingKey = questions.choosingKey(candidate.identity());
    String restKey = questions.restKey(candidate.identity());
    Optional<List<ScoredRow>> choosing = ledger.find(choosingKey);
    Optional<List<ScoredRow>> rest = ledger.find(restKey);
    List<EvalUnit> missing = new ArrayList<>();
    if (choosing.isEmpty()) {
      missing.addAll(questions.choosing());
    }
    if (rest.isEmpty()) {
      missing.addAll(questions.rest());
    }
    List<ScoredRow> all = new ArrayList<>();
    choosing.ifPresent(all::addAll);
    rest.ifPresent(all::addAll);
    if (!missing.isEmpty()) {
      List<ScoredRow> answered = candidate.use(folder -> answer(folder, missing));
      if (choosing.isEmpty()) {
        ledger.keep(
            choosingKey, answered.stream().filter(row -> questions.chooses(row.key())).toList());
      }
      if (rest.isEmpty()) {
        ledger.keep(
            restKey, answered.stream().filter(row -> !questions.chooses(row.key())).toList());
      }
      all.addAll(answered);
    }
    return all;
  }

  private List<ScoredRow> answer(Location folder, List<EvalUnit> units) {
    if (StopSignal.requested()) {
      throw new StoppedException(
          JobError.STOPPED, "The search was stopped; the same command goes on");
    }
    ModelSpec spec = asked.of("candidate", folder);
    List<EvalPartition> partitions =
        EvalPlan.partitions(units, context.cluster().get().slots().total());
    return ParallelStage.run(
            context.cluster().get(),
            context.name(),
            partitions,
            partition -> answer(spec, partition))
        .stream()
        .flatMap(List::stream)
        .toList();
  }

  private static List<ScoredRow> answer(ModelSpec spec, EvalPartition partition) {
    List<ScoredRow> rows = new ArrayList<>();
    try (TokenLanguageModel model = DecoderLanguageModel.open(Storage.standard(), spec)) {
      new EvalWorker(model).run(partition, rows::add);
    }
    return rows;
  }
}
