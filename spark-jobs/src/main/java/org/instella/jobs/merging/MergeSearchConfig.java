package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.ensemble.MergeConfig;
import org.instella.eval.EvalConfig;
import org.instella.eval.report.ModelColumn.Role;

/**
 * The section {@code merge-search} of a recipe.
 *
 * @param models folders of the individual runs by name, in order
 * @param base folder from which differences are counted; empty for none
 * @param merges candidates by name, in order
 * @param greedy whether greedy soup is tried
 * @param learned searches for weights
 * @param lineSteps intervals of the loss along the line between two models; 0 for no lines
 * @param questions held-out texts and tasks, and how models are asked
 * @param chooseShare share of the held-out documents on which candidates are chosen; the others are
 *     for the table
 * @param resamples of the bootstrap
 * @param seed of the bootstrap
 * @param reuse folders of earlier searches whose scores are taken over
 */
public record MergeSearchConfig(
    String title,
    Map<String, String> models,
    String base,
    Map<String, MergeConfig> merges,
    boolean greedy,
    List<WeightSearch> learned,
    int lineSteps,
    PickRule pick,
    EvalConfig questions,
    double chooseShare,
    int resamples,
    long seed,
    List<Location> reuse) {
  public MergeSearchConfig {
    models = Collections.unmodifiableMap(new LinkedHashMap<>(models));
    merges = Collections.unmodifiableMap(new LinkedHashMap<>(merges));
    learned = List.copyOf(learned);
    reuse = List.copyOf(reuse);
  }

  /** What gets weights of its own. */
  public enum Groups {
    ALL,
    KINDS,
    LAYERS
  }

  /** How weights are found. */
  public enum By {
    SEARCH,
    GRADIENT
  }

  /** A search for the weights of a mean; {@code evaluations} is what it may cost. */
  public record WeightSearch(Groups groups, By by, int evaluations) {}

  /** Reads the section; problems are gathered there. */
  public static MergeSearchConfig from(Settings search) {
    List<String> folders =
        search.texts("models", "folders of the individual runs").atLeast(2).required();
    Map<String, String> models = named(search, folders);
    String base = search.text("base", "folder from which differences are counted").orElse("");
    EvalConfig questions = EvalConfig.asking(search, models, Role.SEED);
    if (questions.heldOut().isEmpty()) {
      search.problem("held-out", "missing; candidates are chosen by their loss on held-out texts");
    }
    PickRule pick = search.choice("pick", "rule", PickRule.class).orElse(PickRule.LOSS);
    if (pick == PickRule.ACCURACY && questions.tasks().isEmpty()) {
      search.problem("pick", "needs tasks");
    }
    return new MergeSearchConfig(
        search.text("title", "head of the report").orElse("Weight ensembling by evidence"),
        models,
        base,
        merges(search, models, base),
        search.flag("greedy", "try greedy soup").orElse(true),
        learned(search),
        search.integer("line-steps", "intervals between two models; 0: none").atLeast(0).orElse(8),
        pick,
        questions,
        search
            .number("choose-share", "share of the held-out documents for choosing")
            .in(Range.open(0, 1))
            .orElse(0.5),
        search.integer("resamples", "of the bootstrap").atLeast(100).orElse(2000),
        search.longInteger("seed", "of the bootstrap").orElse(1234L),
        search
            .texts("reuse", "earlier searches whose scores are taken over")
            .orElse(List.of())
            .stream()
            .map(Location::of)
            .toList());
  }

  private static Map<String, String> named(Settings search, List<String> folders) {
    List<String> names =
        search.texts("names", "of the models, in order").orElse(ModelNames.of(folders));
    Map<String, String> models = new LinkedHashMap<>();
    for (int i = 0; i < Math.min(names.size(), folders.size()); i++) {
      models.put(names.get(i), folders.get(i));
    }
    if (names.size() != folders.size() || models.size() != folders.size()) {
      search.problem("names", "must be one name per model, each another");
      return new LinkedHashMap<>();
    }
    return models;
  }

  private static Map<String, MergeConfig> merges(
      Settings search, Map<String, String> models, String base) {
    List<String> folders = List.copyOf(models.values());
    Map<String, MergeConfig> merges = new LinkedHashMap<>();
    List<Settings> sections =
        search.sections("candidates", "merges with the keys of merge; none: the usual ones");
    for (Settings section : sections) {
      String name = section.text("name", "row of the table").required();
      List<String> usual = folders;
      List<String> some = section.texts("of", "names of some of the models").orElse(List.of());
      if (!some.isEmpty()) {
        usual = some.stream().map(one -> models.getOrDefault(one, one)).toList();
        if (!models.keySet().containsAll(some)) {
          section.problem("of", "must name models among " + models.keySet());
        }
      }
      if (models.containsKey(name)
          || merges.put(name, MergeConfig.from(section, usual, base)) != null) {
        section.problem("name", "two candidates have this name");
      }
    }
    if (sections.isEmpty()) {
      merges.putAll(StandardCandidates.of(models, base));
    }
    return merges;
  }

  private static List<WeightSearch> learned(Settings search) {
    List<WeightSearch> learned = new ArrayList<>();
    for (Settings section : search.sections("learned", "weights found by held-out loss")) {
      learned.add(
          new WeightSearch(
              section.choice("groups", "what has its own weights", Groups.class).orElse(Groups.ALL),
              section
                  .choice("by", "trial and error, or the gradient of the held-out loss", By.class)
                  .orElse(By.SEARCH),
              section.integer("evaluations", "merges that may be tried").atLeast(1).orElse(30)));
    }
    return learned;
  }
}
