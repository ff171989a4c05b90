package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.StoppedException;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.CheckpointMerger;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.MergeStage;
import org.instella.ensemble.ModelDistances;
import org.instella.ensemble.TensorGroups;
import org.instella.ensemble.TensorPattern;
import org.instella.ensemble.method.LinearMerge;
import org.instella.ensemble.search.Candidate;
import org.instella.ensemble.search.Candidates;
import org.instella.ensemble.search.GreedySoup;
import org.instella.ensemble.search.LearnedWeights;
import org.instella.ensemble.search.LineScan;
import org.instella.ensemble.search.LossGradient;
import org.instella.eval.EvalConfig;
import org.instella.eval.EvalSuite;
import org.instella.eval.plan.ScoredRow;
import org.instella.eval.plan.ScoredRows;
import org.instella.eval.report.ModelColumn.Role;
import org.instella.jobs.Job;
import org.instella.jobs.JobContext;
import org.instella.jobs.JobError;
import org.instella.jobs.JobResult;
import org.instella.jobs.Section;
import org.instella.jobs.progress.StopSignal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out by evaluation how models are best merged, and merges them so. Candidates live one at a
 * time in a hidden folder beside the output, together with every answer given so far; a search that
 * is stopped asks nothing again.
 */
public record MergeSearchJob(MergeSearchConfig config, Section section) implements Job {
  private static final Logger log = LoggerFactory.getLogger(MergeSearchJob.class);
  private static final String SCORES = "scores";

  /** Reads a section {@code merge-search}. */
  public static MergeSearchJob from(Settings search, Section section) {
    return new MergeSearchJob(MergeSearchConfig.from(search), section);
  }

  @Override
  public List<Location> inputs() {
    List<Location> inputs = new ArrayList<>();
    folders().forEach(folder -> inputs.add(Location.of(folder)));
    config.questions().heldOut().forEach(text -> text.tokens().ifPresent(inputs::add));
    return inputs;
  }

  @Override
  public int slots(int total) {
    return total;
  }

  @Override
  public JobResult run(JobContext context) {
    Storage storage = context.storage();
    Location output = context.output();
    storage.requireAbsent(output);
    Location work = output.parent().resolve("._search-" + output.name());
    SearchOutcome outcome;
    SearchRow picked;
    try {
      outcome = search(context, work);
      picked = outcome.row(outcome.picked());
      MergeConfig merge = merge(picked);
      SearchFiles files = new SearchFiles(storage, work.resolve("result"));
      files.write(outcome, merge, work.resolve(SCORES), settings());
    } catch (StoppedException e) { // of a candidate's merge, say: what it tells is not the whole
      throw new StoppedException(
          JobError.STOPPED,
          "The search was stopped; every answer so far is kept, the same command goes on",
          e);
    }
    storage.publish(work.resolve("result"), output);
    storage.delete(work);
    return new JobResult(
        output,
        "%d candidates, picked %s: held-out loss %.4f, best individual run %s: %.4f; report %s"
            .formatted(
                outcome.rows().size(),
                picked.name(),
                picked.loss(),
                outcome.best(),
                outcome.row(outcome.best()).loss(),
                output.resolve(SearchFiles.HTML)));
  }

  private SearchOutcome search(JobContext context, Location work) {
    Storage storage = context.storage();
    EvalSuite suite = EvalSuite.load(storage, config.questions());
    EvalConfig.Model asked = config.questions().models().get(0);
    Questions questions = Questions.of(suite, config.chooseShare(), asked.spec());
    List<Location> earlier = config.reuse().stream().map(old -> old.resolve(SCORES)).toList();
    ScoreLedger ledger = new ScoreLedger(storage, work.resolve(SCORES), earlier);
    CandidateScores scores = new CandidateScores(context, questions, asked.spec(), ledger);
    Candidates candidates = new Candidates(storage, work, scores, StopSignal::requested);
    List<String> models = List.copyOf(config.models().values());

    ModelDistances distances;
    List<String> tensors;
    List<Location> places = folders().stream().map(Location::of).toList();
    SearchTable table = new SearchTable(questions, config);
    try (CheckpointMerger merger = CheckpointMerger.open(storage, mean(folders()))) {
      tensors = merger.tensorNames();
      List<String> placeNames = new ArrayList<>(config.models().keySet());
      if (placeNames.size() < places.size()) {
        placeNames.add("base");
      }
      distances =
          new ModelDistances(
              placeNames,
              ModelDistances.measure(storage, places, 1, StopSignal::requested).tensors());
      Asking asking = new Asking(context.name(), suite, scores, table);
      config
          .models()
          .forEach((name, folder) -> asking.ask(name, Optional.empty(), candidates.model(folder)));
      config
          .merges()
          .forEach((name, merge) -> asking.ask(name, Optional.of(merge), candidates.merged(merge)));
      Optional<GreedySoup.Soup> soup =
          config.greedy() ? Optional.of(GreedySoup.search(models, candidates)) : Optional.empty();
      soup.ifPresent(
          found ->
              asking.ask(
                  "greedy soup", Optional.of(found.merge()), candidates.merged(found.merge())));
      List<SearchOutcome.Weights> weights = new ArrayList<>();
      for (MergeSearchConfig.WeightSearch wanted : config.learned()) {
        SearchOutcome.Weights found =
            learn(
                wanted,
                tensors,
                models,
                candidates,
                new CandidateGradients(context, questions, asked.spec()));
        MergeConfig merge = found.learned().merge();
        asking.ask(found.row(), Optional.of(merge), candidates.merged(merge));
        weights.add(found);
      }
      List<LineScan.Line> lines =
          config.lineSteps() == 0
              ? List.of()
              : LineScan.allPairs(models, config.lineSteps(), candidates);
      List<SearchRow> rows = table.rows();
      return new SearchOutcome(
          config,
          List.copyOf(config.models().keySet()),
          rows,
          table.best(),
          table.picked(rows),
          table.sizes(),
          soup,
          weights,
          lines,
          merger.compatibility(),
          distances);
    }
  }

  private static SearchOutcome.Weights learn(
      MergeSearchConfig.WeightSearch wanted,
      List<String> tensors,
      List<String> models,
      Candidates candidates,
      LossGradient gradient) {
    List<List<TensorPattern>> groups =
        switch (wanted.groups()) {
          case ALL -> List.of(List.of(new TensorPattern("*")));
          case KINDS -> TensorGroups.byKind(tensors);
          case LAYERS -> TensorGroups.byLayer(tensors).stream().map(List::of).toList();
        };
    String what =
        switch (wanted.groups()) {
          case ALL -> "global";
          case KINDS -> "per kind of tensor";
          case LAYERS -> "per layer";
        };
    LearnedWeights search = new LearnedWeights(groups, wanted.evaluations(), 1, 0.05);
    boolean downhill = wanted.by() == MergeSearchConfig.By.GRADIENT;
    return new SearchOutcome.Weights(
        "learned weights, " + what + (downhill ? ", by gradient" : ""),
        groups.stream().map(group -> group.get(0).text()).toList(),
        downhill
            ? search.descend(models, candidates, gradient)
            : search.search(models, candidates));
  }

  /** Asks a candidate everything and enters it into the table. */
  private final class Asking {
    private final String name;
    private final EvalSuite suite;
    private final CandidateScores scores;
    private final SearchTable table;

    Asking(String name, EvalSuite suite, CandidateScores scores, SearchTable table) {
      this.name = name;
      this.suite = suite;
      this.scores = scores;
      this.table = table;
    }

    void ask(String row, Optional<MergeConfig> merge, Candidate candidate) {
      ScoredRows rows = new ScoredRows();
      for (ScoredRow answer : scores.all(candidate)) {
        rows.add(answer);
      }
      Role role = merge.isEmpty() ? Role.SEED : Role.MERGED;
      EvalConfig.Model asked = config.questions().models().get(0);
      EvalConfig.Model model =
          new EvalConfig.Model(asked.spec().of(row, asked.spec().folder()), role);
      String how = merge.map(MergeConfig::words).orElse("individual run");
      table.add(row, merge, how, suite.column(model, rows, new TreeMap<>()));
      log.info("{}: {}: {}", name, row, table.lastLoss());
    }
  }

  private MergeConfig merge(SearchRow picked) {
    return picked.merge().orElseGet(() -> mean(List.of(config.models().get(picked.name()))));
  }

  private static MergeConfig mean(List<String> folders) {
    return MergeConfig.of(MergeStage.of(folders, LinearMerge.mean(folders.size())));
  }

  /** Models and, last, the base. */
  private List<String> folders() {
    Map<String, Boolean> folders = new LinkedHashMap<>();
    config.models().values().forEach(folder -> folders.put(folder, true));
    if (!config.base().isEmpty()) {
      folders.put(config.base(), true);
    }
    return List.copyOf(folders.keySet());
  }

  private SortedMap<String, String> settings() {
    SortedMap<String, String> settings = new TreeMap<>(section.resolved());
    settings.keySet().removeIf(key -> key.equals("output") || key.startsWith("reuse"));
    return settings;
  }
}
