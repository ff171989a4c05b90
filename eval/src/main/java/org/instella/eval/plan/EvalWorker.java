package org.instella.eval.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.instella.eval.request.EvalRequest;
import org.instella.eval.request.EvalResponse;
import org.instella.eval.request.GenerateUntil;
import org.instella.eval.request.LanguageModel;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.Loglikelihood;
import org.instella.eval.request.RollingLoss;

/** Answers a partition with a model. Answering it again gives the same rows. */
public final class EvalWorker {
  /** Units handed to the model at once: enough to sort by length, few enough to see progress. */
  private static final int CHUNK = 64;

  private final LanguageModel model;

  /**
   * @param model stays with the caller, who closes it
   */
  public EvalWorker(LanguageModel model) {
    this.model = model;
  }

  /** Rows of all units of the partition, in their order. */
  public void run(EvalPartition partition, Consumer<ScoredRow> rows) {
    run(partition, rows, characters -> {});
  }

  /**
   * The same, telling from time to time how much of the partition is answered.
   *
   * @param answered hears the size of all units answered so far, of {@link
   *     EvalPartition#characters}
   */
  public void run(EvalPartition partition, Consumer<ScoredRow> rows, LongConsumer answered) {
    List<EvalUnit> units = partition.units();
    long done = 0;
    for (int from = 0; from < units.size(); ) {
      int to = from + 1;
      while (!alone(units.get(from))
          && to - from < CHUNK
          && to < units.size()
          && !alone(units.get(to))) {
        to++;
      }
      List<EvalUnit> chunk = units.subList(from, to);
      answer(chunk, rows);
      done += chunk.stream().mapToLong(EvalUnit::characters).sum();
      answered.accept(done);
      from = to;
    }
  }

  /** Texts and generations take long and are answered one by one anyway. */
  private static boolean alone(EvalUnit unit) {
    return switch (unit.key().part()) {
      case TEXT, GENERATION -> true;
      case CONDITIONAL, UNCONDITIONAL -> false;
    };
  }

  private void answer(List<EvalUnit> units, Consumer<ScoredRow> rows) {
    List<List<Loglikelihood>> questions = new ArrayList<>();
    List<GenerateUntil> prompts = new ArrayList<>();
    List<RollingLoss> texts = new ArrayList<>();
    for (EvalUnit unit : units) {
      switch (unit.key().part()) {
        case CONDITIONAL, UNCONDITIONAL -> questions.add(all(unit, Loglikelihood.class));
        case GENERATION -> prompts.addAll(all(unit, GenerateUntil.class));
        case TEXT -> texts.addAll(all(unit, RollingLoss.class));
      }
    }
    List<List<Likelihood>> scores =
        questions.isEmpty() ? List.of() : model.loglikelihoods(questions);
    List<? extends EvalResponse> generated =
        prompts.isEmpty() ? List.of() : model.generate(prompts);
    List<? extends EvalResponse> losses = texts.isEmpty() ? List.of() : model.rollingLosses(texts);
    int question = 0;
    int prompt = 0;
    int text = 0;
    for (EvalUnit unit : units) {
      int count = unit.requests().size();
      switch (unit.key().part()) {
        case CONDITIONAL, UNCONDITIONAL -> emit(unit, scores.get(question++), rows);
        case GENERATION -> emit(unit, generated.subList(prompt, prompt += count), rows);
        case TEXT -> emit(unit, losses.subList(text, text += count), rows);
      }
    }
  }

  private static void emit(
      EvalUnit unit, List<? extends EvalResponse> answers, Consumer<ScoredRow> rows) {
    for (int i = 0; i < answers.size(); i++) {
      rows.accept(new ScoredRow(unit.key(), i, answers.get(i)));
    }
  }

  private static <T extends EvalRequest> List<T> all(EvalUnit unit, Class<T> kind) {
    return unit.requests().stream().map(kind::cast).toList();
  }
}
