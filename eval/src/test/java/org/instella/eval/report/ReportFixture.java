package org.instella.eval.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.plan.EvalPlan;
import org.instella.eval.plan.EvalUnit;
import org.instella.eval.plan.ScoredRow;
import org.instella.eval.plan.ScoredRows;
import org.instella.eval.plan.TaskResult;
import org.instella.eval.plan.TaskScoring;
import org.instella.eval.report.ModelColumn.Role;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.TextLoss;
import org.instella.eval.task.EvalTask;
import org.instella.eval.task.TaskCatalog;

/** A made-up programme: stage 1, three seeds, and a merged model that is a little better. */
final class ReportFixture {
  private static final String[] DOMAINS = {"stories", "questions", "arithmetic", "code", "docs"};
  private static final double[] LEVELS = {1.42, 1.18, 0.96, 2.31, 2.74};

  private final Path folder;
  private final EvalTask task;

  ReportFixture(Path folder) {
    this.folder = folder;
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      rows.append(
          ("{\"id\":\"q%d\",\"context\":\"Is <%d> even? & why\",\"choices\":[\"no\",\"yes\","
                  + "\"maybe\",\"never\"],\"gold\":%d}\n")
              .formatted(i, i, i % 2));
    }
    try {
      Path file = Files.writeString(folder.resolve("parity.jsonl"), rows);
      Storage storage = Storage.standard();
      task =
          TaskCatalog.standard()
              .tasks(storage, Location.of(folder), List.of(file.toString()))
              .get(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  ReportContent content() {
    List<ModelColumn> columns = new ArrayList<>();
    columns.add(column("stage 1", Role.BASE, 0.31, 0.00));
    columns.add(column("seed 5796", Role.SEED, 0.38, -0.062));
    columns.add(column("seed 6198", Role.SEED, 0.40, -0.055));
    columns.add(column("seed 8915", Role.SEED, 0.37, -0.060));
    columns.add(column("merged", Role.MERGED, 0.46, -0.091));
    List<RunCurve> curves = new ArrayList<>();
    curves.add(curve("Stage 1", "stage 1", Role.BASE, 1200, 8.2, 2.05));
    for (String seed : List.of("5796", "6198", "8915")) {
      curves.add(curve("Stage 2", "seed " + seed, Role.SEED, 400, 2.15, 1.97));
    }
    TreeMap<String, String> configuration = new TreeMap<>();
    configuration.put("evaluate.tasks", "[parity]");
    configuration.put("evaluate.pair-rule", "lme-0-4-3");
    return new ReportContent(
        "Laptop run: stage 1, three seeds, merged",
        "Every model answered the same questions and read the same held-out documents. The merged"
            + " model is the plain mean of the three seeds' weights.",
        Instant.parse("2026-11-22T02:15:13.123456Z"),
        columns,
        curves,
        configuration,
        List.of(
            new Provenance(
                "merged",
                "model",
                "f".repeat(64),
                "0.1.0",
                new TreeMap<>(Map.of("seed 5796", "a".repeat(64))))));
  }

  private ModelColumn column(String name, Role role, double share, double lossShift) {
    TreeMap<String, String> facts = new TreeMap<>();
    facts.put("folder", "out/" + name);
    facts.put("parameters", "6815744");
    return new ModelColumn(
        name,
        role,
        List.of(result(task, share), result(half(), share + 0.05)),
        losses(name, lossShift),
        facts);
  }

  private EvalTask half() {
    return task.over("parity again", folder.resolve("parity.jsonl").toString());
  }

  private TaskResult result(EvalTask asked, double share) {
    var documents = asked.documents(Storage.standard(), Location.of(folder), 150);
    ScoredRows rows = new ScoredRows();
    Random random = new Random(11);
    for (EvalUnit unit : EvalPlan.units(documents)) {
      // One draw per document, common to all models, so that paired tests have pairs.
      boolean right = random.nextDouble() < share;
      int gold = unit.key().document() % 2;
      for (int i = 0; i < unit.requests().size(); i++) {
        double value = -4 - random.nextDouble() + (i == gold == right ? 2 : 0);
        rows.add(new ScoredRow(unit.key(), i, new Likelihood(value, false, 1, 20)));
      }
    }
    return TaskScoring.of(asked, documents, rows);
  }

  private static List<DomainLoss> losses(String name, double shift) {
    List<DomainLoss> losses = new ArrayList<>();
    Random own = new Random(name.hashCode());
    for (int d = 0; d < DOMAINS.length; d++) {
      Random common = new Random(d);
      List<TextLoss> documents = new ArrayList<>();
      double domainShift = shift * (0.4 + 0.3 * d);
      for (int i = 0; i < 40; i++) {
        long tokens = 200 + common.nextInt(400);
        double level =
            LEVELS[d] + 0.3 * common.nextGaussian() + domainShift + 0.02 * own.nextGaussian();
        documents.add(new TextLoss(level * tokens, tokens, tokens * 4));
      }
      losses.add(DomainLoss.of(DOMAINS[d], documents));
    }
    return losses;
  }

  private static RunCurve curve(
      String panel, String name, Role role, int steps, double from, double to) {
    Random random = new Random(name.hashCode());
    List<RunCurve.Point> points = new ArrayList<>();
    for (int step = 1; step <= steps; step++) {
      double loss =
          to + (from - to) * Math.exp(-step / (steps / 6.0)) + 0.05 * random.nextGaussian();
      points.add(new RunCurve.Point(step, loss));
    }
    return new RunCurve(panel, name, role, points);
  }
}
