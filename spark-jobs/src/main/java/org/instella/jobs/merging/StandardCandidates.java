package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.ensemble.MergeConfig;

/** What a search tries where its recipe names no candidates: every method with usual settings. */
final class StandardCandidates {
  private static final int MOST_MODELS_FOR_PAIRS = 4;

  private StandardCandidates() {}

  static Map<String, MergeConfig> of(Map<String, String> models, String base) {
    Map<String, MergeConfig> merges = new LinkedHashMap<>();
    List<String> all = List.copyOf(models.values());
    List<String> names = List.copyOf(models.keySet());
    add(merges, "mean", "method = mean", all, "");
    if (names.size() <= MOST_MODELS_FOR_PAIRS) {
      for (int a = 0; a < names.size(); a++) {
        for (int b = a + 1; b < names.size(); b++) {
          String pair = names.get(a) + ", " + names.get(b);
          List<String> two = List.of(all.get(a), all.get(b));
          if (names.size() > 2) {
            add(merges, "mean of " + pair, "method = mean", two, "");
          }
          add(merges, "slerp of " + pair, "method = slerp", two, "");
        }
      }
    }
    add(merges, "multi-slerp", "method = multi-slerp", all, "");
    if (!base.isEmpty()) {
      for (String recipe : ofDifferences()) {
        String name = recipe.substring("method = ".length());
        add(merges, name, recipe, all, base);
      }
    }
    return merges;
  }

  private static List<String> ofDifferences() {
    List<String> recipes = new ArrayList<>();
    recipes.add("method = model-stock");
    recipes.add("method = task-arithmetic, normalize = true");
    recipes.add("method = task-arithmetic, normalize = true, lambda = 1.2");
    for (String density : new String[] {"0.2", "0.5", "0.8"}) {
      recipes.add("method = ties, density = " + density);
    }
    recipes.add("method = dare-linear, density = 0.5, normalize = true");
    recipes.add("method = dare-ties, density = 0.5, normalize = true");
    recipes.add("method = della, density = 0.5");
    recipes.add("method = breadcrumbs, density = 0.8, normalize = true");
    return recipes;
  }

  private static void add(
      Map<String, MergeConfig> merges,
      String name,
      String recipe,
      List<String> models,
      String base) {
    Settings settings = Recipe.parse(recipe, "standard candidates").root();
    MergeConfig merge = MergeConfig.from(settings, models, base);
    settings.finish();
    merges.put(name, merge);
  }
}
