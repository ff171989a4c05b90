package org.instella.jobs;

import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.EvalConfig;
import org.instella.eval.EvalSuite;
import org.instella.eval.model.DecoderLanguageModel;
import org.instella.eval.model.ModelSpec;
import org.instella.eval.model.TokenLanguageModel;
import org.instella.eval.plan.EvalPartition;
import org.instella.eval.plan.EvalWorker;
import org.instella.eval.plan.ScoredRow;
import org.instella.eval.plan.ScoredRows;
import org.instella.eval.report.EvalReport;
import org.instella.eval.report.ModelColumn;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.KeptOpen;
import org.instella.jobs.cluster.ParallelStage;
import org.instella.jobs.progress.ProgressChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models asked on tasks and held-out texts, and the report. The questions of every model are cut
 * into partitions, one task each; an answer depends on its question and the model alone, so any
 * number of partitions gives the same numbers.
 */
public record EvalJob(EvalConfig config, Section section) implements Job {
  private static final Logger log = LoggerFactory.getLogger(EvalJob.class);

  /** More than one, so that slots that finish early take work from the others. */
  private static final int PARTITIONS_A_SLOT = 4;

  /** Models of this process between two tasks; closed when none has asked for so long. */
  private static final KeptOpen<OpenModel, TokenLanguageModel> MODELS =
      new KeptOpen<>(Duration.ofSeconds(5));

  /** Reads a section {@code evaluate}. */
  public static EvalJob from(Settings evaluate, Section section) {
    return new EvalJob(EvalConfig.from(evaluate), section);
  }

  @Override
  public List<Location> inputs() {
    List<Location> inputs = new ArrayList<>();
    config.models().forEach(model -> inputs.add(model.spec().folder()));
    for (EvalConfig.HeldOut text : config.heldOut()) {
      text.tokens().ifPresent(inputs::add);
      text.documents()
          .map(path -> new TokenSource(text.name(), path).place())
          .ifPresent(inputs::add);
    }
    config.curves().forEach(curve -> inputs.add(curve.metrics()));
    return inputs;
  }

  @Override
  public int slots(int total) {
    return total;
  }

  /** A model as one run of an evaluation found it; its files may be others in the next. */
  private record OpenModel(String run, ModelSpec model) {}

  /** A part of the questions, for one model. */
  private record Asked(ModelSpec model, EvalPartition partition) implements Serializable {}

  @Override
  public JobResult run(JobContext context) {
    Storage storage = context.storage();
    EvalSuite suite = EvalSuite.load(storage, config);
    Cluster cluster = context.cluster().get();
    List<EvalPartition> partitions = suite.partitions(PARTITIONS_A_SLOT * cluster.slots().total());
    List<Asked> asked = new ArrayList<>();
    for (EvalConfig.Model model : config.models()) {
      partitions.forEach(partition -> asked.add(new Asked(model.spec(), partition)));
    }
    List<List<ScoredRow>> answers = answer(context, cluster, asked);
    List<ModelColumn> columns = new ArrayList<>();
    for (int i = 0; i < config.models().size(); i++) {
      ScoredRows rows = new ScoredRows();
      answers
          .subList(i * partitions.size(), (i + 1) * partitions.size())
          .forEach(part -> part.forEach(rows::add));
      EvalConfig.Model model = config.models().get(i);
      columns.add(suite.column(model, rows, EvalSuite.facts(storage, model.spec())));
    }
    SortedMap<String, String> settings = new TreeMap<>(section.resolved());
    settings.remove("output");
    Manifest manifest =
        EvalReport.write(
            storage,
            context.output(),
            EvalSuite.report(storage, config, columns, Instant.now(), settings));
    tell(context.name(), manifest);
    return new JobResult(
        context.output(),
        "%d models, report %s".formatted(columns.size(), context.output().resolve("report.html")));
  }

  private static List<List<ScoredRow>> answer(
      JobContext context, Cluster cluster, List<Asked> asked) {
    EvalProgress progress =
        new EvalProgress(
            context.name(),
            asked.stream().map(Asked::partition).mapToLong(EvalPartition::characters).toArray());
    String topic = "evaluate-" + context.output().uri();
    String run = UUID.randomUUID().toString();
    List<Numbered> numbered = new ArrayList<>();
    asked.forEach(item -> numbered.add(new Numbered(numbered.size(), item)));
    try (var subscription = ProgressChannel.listen(topic, progress::heard)) {
      return ParallelStage.run(
          cluster,
          context.name(),
          numbered,
          item ->
              rows(topic, item.number(), new OpenModel(run, item.asked().model()), item.asked()));
    }
  }

  /** A task's work with its place among all. */
  private record Numbered(int number, Asked asked) implements Serializable {}

  private static List<ScoredRow> rows(String topic, int number, OpenModel key, Asked asked) {
    EvalProgress.Sender sender = new EvalProgress.Sender(topic, number);
    List<ScoredRow> rows =
        MODELS.use(
            key,
            () -> DecoderLanguageModel.open(Storage.standard(), asked.model()),
            model -> {
              List<ScoredRow> answers = new ArrayList<>();
              new EvalWorker(model).run(asked.partition(), answers::add, sender::answered);
              return answers;
            });
    sender.finished(asked.partition().characters());
    return rows;
  }

  /** The table of the report in a few lines. */
  private static void tell(String name, Manifest manifest) {
    if (manifest.facts().get("scores") instanceof Map<?, ?> scores) {
      scores.forEach(
          (model, numbers) -> {
            StringBuilder line = new StringBuilder();
            ((Map<?, ?>) numbers)
                .forEach(
                    (key, value) ->
                        line.append(line.length() == 0 ? "" : ", ")
                            .append(String.valueOf(key).replace(" nats-per-token", ""))
                            .append(" %.4f".formatted(((Number) value).doubleValue())));
            log.info("{}: {}: {}", name, model, line);
          });
    }
  }
}
