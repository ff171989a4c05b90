package org.instella.ensemble.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.MergeStage;
import org.instella.ensemble.method.LinearMerge;

/**
 * Greedy soup (Wortsman et al. 2022, arXiv:2203.05482): models from best to worst; each joins the
 * mean when the mean with it is at least as good on held-out data. Never worse than the best model.
 */
public final class GreedySoup {
  private GreedySoup() {}

  /**
   * What the search found.
   *
   * @param members folders whose mean is the soup, best first
   * @param loss held-out loss of the soup
   * @param trials every model tried, in order
   */
  public record Soup(List<String> members, double loss, List<Trial> trials) {
    public Soup {
      members = List.copyOf(members);
      trials = List.copyOf(trials);
    }

    /** The soup as a merge. */
    public MergeConfig merge() {
      return mean(members);
    }
  }

  /** One model's turn: its own loss, that of the soup with it, and whether it stayed. */
  public record Trial(String model, double ownLoss, double soupLoss, boolean joined) {}

  /** Searches over models; equal losses keep the order in which the models are named. */
  public static Soup search(List<String> models, Candidates candidates) {
    List<String> ranked = new ArrayList<>(models);
    ranked.sort(Comparator.comparingDouble(candidates::lossOfModel)); // stable
    List<String> members = new ArrayList<>(List.of(ranked.get(0)));
    double best = candidates.lossOfModel(ranked.get(0));
    List<Trial> trials = new ArrayList<>(List.of(new Trial(ranked.get(0), best, best, true)));
    for (String model : ranked.subList(1, ranked.size())) {
      List<String> larger = new ArrayList<>(members);
      larger.add(model);
      double loss = candidates.lossOf(mean(larger));
      boolean joins = loss <= best;
      trials.add(new Trial(model, candidates.lossOfModel(model), loss, joins));
      if (joins) {
        members = larger;
        best = loss;
      }
    }
    return new Soup(members, best, trials);
  }

  private static MergeConfig mean(List<String> members) {
    return MergeConfig.of(MergeStage.of(members, LinearMerge.mean(members.size())));
  }
}
