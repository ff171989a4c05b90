package org.instella.eval;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.loss.HeldOutDocument;
import org.instella.eval.loss.HeldOutText;
import org.instella.eval.model.ModelSpec;
import org.instella.eval.plan.EvalPartition;
import org.instella.eval.plan.EvalPlan;
import org.instella.eval.plan.EvalUnit;
import org.instella.eval.plan.EvalWorker;
import org.instella.eval.plan.LossScoring;
import org.instella.eval.plan.ScoredRows;
import org.instella.eval.plan.TaskResult;
import org.instella.eval.plan.TaskScoring;
import org.instella.eval.report.ModelColumn;
import org.instella.eval.report.Provenance;
import org.instella.eval.report.ReportContent;
import org.instella.eval.report.RunCurve;
import org.instella.eval.request.LanguageModel;
import org.instella.eval.task.EvalTask;
import org.instella.eval.task.TaskCatalog;
import org.instella.eval.task.TaskDocument;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;

/**
 * All questions and texts of an evaluation, read once; the same for every model. Whoever runs it
 * takes {@link #partitions}, has workers answer them, and gives the rows back to {@link #column}.
 */
public final class EvalSuite {
  private final List<AskedTask> tasks;
  private final List<Domain> domains;

  private record AskedTask(EvalTask task, List<TaskDocument> documents) {}

  private record Domain(String name, List<HeldOutDocument> documents) {}

  private EvalSuite(List<AskedTask> tasks, List<Domain> domains) {
    this.tasks = List.copyOf(tasks);
    this.domains = List.copyOf(domains);
  }

  /**
   * Reads tasks and texts.
   *
   * @throws org.instella.conf.error.ConfigurationException for an unknown task
   * @throws org.instella.conf.error.DataException for missing or bad rows
   */
  public static EvalSuite load(Storage storage, EvalConfig config) {
    List<AskedTask> tasks = new ArrayList<>();
    for (EvalTask task : TaskCatalog.standard().tasks(storage, config.data(), config.tasks())) {
      tasks.add(new AskedTask(task, task.documents(storage, config.data(), config.limit())));
    }
    List<Domain> domains = new ArrayList<>();
    for (EvalConfig.HeldOut text : config.heldOut()) {
      domains.add(new Domain(text.name(), documents(storage, config, text)));
    }
    return new EvalSuite(tasks, domains);
  }

  private static List<HeldOutDocument> documents(
      Storage storage, EvalConfig config, EvalConfig.HeldOut text) {
    if (text.documents().isPresent()) {
      return HeldOutText.ofFiles(storage, text.documents().get(), text.limit());
    }
    TokenizerSpec spec = new TokenizerSpec(config.models().get(0).spec().tokenizer());
    try (Tokenizer tokenizer = Tokenizers.open(storage, spec)) {
      return HeldOutText.ofTokens(storage, text.tokens().orElseThrow(), tokenizer, text.limit());
    }
  }

  /** The work, cut into at most {@code count} partitions; the same in every run. */
  public List<EvalPartition> partitions(int count) {
    List<EvalUnit> units = new ArrayList<>();
    tasks.forEach(task -> units.addAll(EvalPlan.units(task.documents())));
    domains.forEach(d -> units.addAll(EvalPlan.lossUnits(d.name(), d.documents())));
    return EvalPlan.partitions(units, count);
  }

  /** Answers everything here and now. */
  public ScoredRows answer(LanguageModel model) {
    ScoredRows rows = new ScoredRows();
    EvalWorker worker = new EvalWorker(model);
    partitions(1).forEach(partition -> worker.run(partition, rows::add));
    return rows;
  }

  /** One model's results from its rows. */
  public ModelColumn column(
      EvalConfig.Model model, ScoredRows rows, SortedMap<String, String> facts) {
    List<TaskResult> results = new ArrayList<>();
    tasks.forEach(asked -> results.add(TaskScoring.of(asked.task(), asked.documents(), rows)));
    List<DomainLoss> losses = new ArrayList<>();
    domains.forEach(d -> losses.add(LossScoring.of(d.name(), d.documents(), rows)));
    return new ModelColumn(model.spec().name(), model.role(), results, losses, facts);
  }

  /** What a report says of a model besides its numbers. */
  public static SortedMap<String, String> facts(Storage storage, ModelSpec spec) {
    SortedMap<String, String> facts = new TreeMap<>();
    facts.put("folder", spec.folder().uri());
    facts.put("device", spec.device());
    facts.put("pair-rule", spec.rule().name().toLowerCase(Locale.ROOT));
    facts.put("dtype", "float32");
    try (ModelFolder folder = ModelFolder.open(storage, spec.folder())) {
      facts.put("parameters", String.valueOf(folder.transformerConfig().parameterCount()));
      folder.manifest().ifPresent(manifest -> facts.put("digest", manifest.digest()));
    }
    return facts;
  }

  /**
   * The report's content: the columns with curves, configuration and the models' manifests.
   *
   * @param date stands in result files
   * @param configuration resolved settings, flattened
   */
  public static ReportContent report(
      Storage storage,
      EvalConfig config,
      List<ModelColumn> columns,
      Instant date,
      SortedMap<String, String> configuration) {
    List<RunCurve> curves = new ArrayList<>();
    for (EvalConfig.Curve c : config.curves()) {
      curves.add(RunCurve.read(storage, c.metrics(), c.panel(), c.name(), c.role()));
    }
    List<Provenance> provenance = new ArrayList<>();
    for (EvalConfig.Model model : config.models()) {
      Location folder = model.spec().folder();
      Manifest.find(storage, folder)
          .ifPresent(manifest -> provenance.add(Provenance.of(model.spec().name(), manifest)));
    }
    for (EvalConfig.HeldOut text : config.heldOut()) {
      text.tokens()
          .flatMap(folder -> Manifest.find(storage, folder))
          .ifPresent(
              manifest -> provenance.add(Provenance.of("held-out " + text.name(), manifest)));
    }
    return new ReportContent(
        config.title(), config.about(), date, columns, curves, configuration, provenance);
  }
}
