package org.instella.eval;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.eval.model.ModelSpec;
import org.instella.eval.report.ModelColumn.Role;
import org.instella.eval.request.PairRule;

/**
 * The section {@code evaluate} of a recipe.
 *
 * @param models at least one; each is a column of the report
 * @param tasks references as {@link org.instella.eval.task.TaskCatalog} takes them
 * @param data folder with the benchmarks' rows
 * @param limit documents per task, the first ones; not for numbers that are published
 */
public record EvalConfig(
    String title,
    String about,
    List<Model> models,
    List<String> tasks,
    Location data,
    int limit,
    List<HeldOut> heldOut,
    List<Curve> curves) {
  private static final String TASKS = "names of the catalogue, suites, or paths of tasks";
  private static final String DATA = "folder with the benchmarks' rows";
  private static final String LIMIT = "documents per task";

  public EvalConfig {
    models = List.copyOf(models);
    tasks = List.copyOf(tasks);
    heldOut = List.copyOf(heldOut);
    curves = List.copyOf(curves);
  }

  /** A model to evaluate. */
  public record Model(ModelSpec spec, Role role) {}

  /**
   * Held-out text of one domain: document files or a token data set.
   *
   * @param limit documents, the first ones
   */
  public record HeldOut(
      String name, Optional<String> documents, Optional<Location> tokens, int limit) {}

  /** A training run whose loss the report draws. */
  public record Curve(String panel, String name, Role role, Location metrics) {}

  /** Reads the section; problems are gathered there. */
  public static EvalConfig from(Settings evaluate) {
    int most = Integer.MAX_VALUE;
    List<Model> models = models(evaluate);
    List<String> tasks = evaluate.texts("tasks", TASKS).orElse(List.of());
    List<HeldOut> heldOut = heldOut(evaluate);
    if (tasks.isEmpty() && heldOut.isEmpty()) {
      evaluate.problem("tasks", "nothing to evaluate: name tasks or held-out texts");
    }
    return new EvalConfig(
        evaluate.text("title", "head of the report").orElse("Evaluation"),
        evaluate
            .text("about", "a sentence under the title")
            .orElse("Every model answered the same questions and read the same documents."),
        models,
        tasks,
        Location.of(evaluate.text("data", DATA).orElse(".")),
        evaluate.integer("limit", LIMIT).atLeast(1).orElse(most),
        heldOut,
        curves(evaluate));
  }

  /**
   * Reads what is asked, and how, for models that another section names: every key of this section
   * but {@code title}, {@code about}, {@code models} and {@code curves}.
   *
   * @param folders model folders by name, in order
   */
  public static EvalConfig asking(Settings section, Map<String, String> folders, Role role) {
    SpecReader specs = SpecReader.from(section);
    List<Model> models = new ArrayList<>();
    folders.forEach(
        (name, folder) -> models.add(new Model(specs.spec(name, Location.of(folder)), role)));
    List<HeldOut> heldOut = heldOut(section);
    return new EvalConfig(
        "",
        "",
        models,
        section.texts("tasks", TASKS).orElse(List.of()),
        Location.of(section.text("data", DATA).orElse(".")),
        section.integer("limit", LIMIT).atLeast(1).orElse(Integer.MAX_VALUE),
        heldOut,
        List.of());
  }

  /** How models are asked. */
  private record SpecReader(
      String device, int threads, int length, PairRule rule, Optional<Location> tokenizer) {
    static SpecReader from(Settings evaluate) {
      return new SpecReader(
          evaluate.text("device", "cpu, gpu or gpu:N").orElse("cpu"),
          evaluate.integer("threads", "of libtorch per worker").atLeast(1).orElse(1),
          evaluate
              .integer("max-length", "tokens read at once, 0: the model's")
              .atLeast(0)
              .orElse(0),
          evaluate
              .choice("pair-rule", "whose way of tokenising pairs", PairRule.class)
              .orElse(PairRule.LME_0_4_3),
          evaluate.text("tokenizer", "for model folders without one").optional().map(Location::of));
    }

    ModelSpec spec(String name, Location folder) {
      return new ModelSpec(name, folder, tokenizer.orElse(folder), rule, length, device, threads);
    }
  }

  private static List<Model> models(Settings evaluate) {
    SpecReader specs = SpecReader.from(evaluate);
    List<Model> models = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Settings model : evaluate.sections("models", "the columns of the report")) {
      String name = model.text("name", "column head").required();
      if (!names.add(name)) {
        model.problem("name", "two models have this name");
      }
      Location folder = Location.of(model.text("folder", "a model folder").required());
      models.add(new Model(specs.spec(name, folder), role(model)));
    }
    if (models.isEmpty()) {
      evaluate.problem("models", "must name at least one model");
    }
    return models;
  }

  private static List<HeldOut> heldOut(Settings evaluate) {
    List<HeldOut> texts = new ArrayList<>();
    for (Settings text : evaluate.sections("held-out", "texts to measure the loss on")) {
      Optional<String> documents = text.text("documents", "document files").optional();
      Optional<Location> tokens =
          text.text("tokens", "a token data set").optional().map(Location::of);
      if (documents.isPresent() == tokens.isPresent()) {
        text.problem("documents", "give either documents or tokens");
      }
      texts.add(
          new HeldOut(
              text.text("name", "of the domain").required(),
              documents,
              tokens,
              text.integer("limit", "documents, the first ones").atLeast(1).orElse(200)));
    }
    return texts;
  }

  private static List<Curve> curves(Settings evaluate) {
    List<Curve> curves = new ArrayList<>();
    for (Settings curve : evaluate.sections("curves", "training losses to draw")) {
      curves.add(
          new Curve(
              curve.text("panel", "runs of one panel share a chart").orElse("Training"),
              curve.text("name", "of the run, as among the models").required(),
              role(curve),
              Location.of(curve.text("metrics", "metrics.jsonl of the run").required())));
    }
    return curves;
  }

  private static Role role(Settings section) {
    return section
        .choice("role", "colours and comparisons of the report", Role.class)
        .orElse(Role.OTHER);
  }
}
