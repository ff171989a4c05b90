package org.instella.ensemble.search;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.MergeStage;
import org.instella.ensemble.MergeStage.TensorRule;
import org.instella.ensemble.TensorPattern;
import org.instella.ensemble.method.LinearMerge;

/**
 * Weights of a mean found by held-out loss, on a simplex per group of tensors: one group for all is
 * the learned soup of Wortsman et al. 2022 (arXiv:2203.05482), one per layer its layer-wise form.
 *
 * <p>The search is a compass search on the logits of a softmax: it starts at the uniform mean,
 * tries a step up and down for each weight in turn, keeps what helps, and halves the step when
 * nothing does. It needs no gradient, draws no random number and never ends worse than the uniform
 * mean.
 *
 * @param groups patterns of each group; the first that matches a tensor owns it, tensors of no
 *     group stay at the uniform mean
 * @param evaluations how many merges may be evaluated
 * @param firstStep first step in logits; 1 moves a weight of 1/3 to 0.58
 * @param smallestStep the search ends when steps are smaller
 */
public record LearnedWeights(
    List<List<TensorPattern>> groups, int evaluations, double firstStep, double smallestStep) {
  public LearnedWeights {
    groups = groups.stream().map(List::copyOf).toList();
  }

  /** One set of weights for all tensors. */
  public static LearnedWeights global(int evaluations) {
    return new LearnedWeights(List.of(List.of(new TensorPattern("*"))), evaluations, 1, 0.05);
  }

  /** A set of weights per group, for example {@code TensorGroups.byLayer}. */
  public static LearnedWeights perGroup(List<TensorPattern> groups, int evaluations) {
    return new LearnedWeights(groups.stream().map(List::of).toList(), evaluations, 1, 0.05);
  }

  /**
   * What the search found.
   *
   * @param weights [group][model], each row sums to 1
   * @param loss held-out loss with them
   * @param uniformLoss held-out loss of the plain mean
   * @param merge the merge with them
   */
  public record Learned(
      List<List<Double>> weights, double loss, double uniformLoss, MergeConfig merge) {
    public Learned {
      weights = weights.stream().map(List::copyOf).toList();
    }
  }

  /** Searches over models. */
  public Learned search(List<String> models, Candidates candidates) {
    double[][] logits = new double[groups.size()][models.size()];
    MergeConfig best = merge(models, logits);
    double uniform = candidates.lossOf(best);
    double loss = uniform;
    int left = evaluations - 1;
    for (double step = firstStep; step >= smallestStep && left > 0; step /= 2) {
      boolean improved = true;
      while (improved && left > 0) {
        improved = false;
        for (int coordinate = 0; coordinate < groups.size() * models.size(); coordinate++) {
          double[] row = logits[coordinate / models.size()];
          int model = coordinate % models.size();
          double before = row[model];
          for (int sign = 1; sign >= -1 && left > 0; sign -= 2) {
            row[model] = before + sign * step;
            MergeConfig candidate = merge(models, logits);
            double reached = candidates.lossOf(candidate);
            left--;
            if (reached < loss) {
              loss = reached;
              best = candidate;
              improved = true;
              break;
            }
            row[model] = before;
          }
        }
      }
    }
    List<List<Double>> weights = new ArrayList<>();
    for (double[] row : logits) {
      weights.add(softmax(row));
    }
    return new Learned(weights, loss, uniform, best);
  }

  private MergeConfig merge(List<String> models, double[][] logits) {
    List<TensorRule> rules = new ArrayList<>();
    for (int group = 0; group < groups.size(); group++) {
      rules.add(new TensorRule(groups.get(group), LinearMerge.weighted(softmax(logits[group]))));
    }
    List<Double> uniform = Collections.nCopies(models.size(), 1.0 / models.size());
    return MergeConfig.of(new MergeStage(models, "", LinearMerge.weighted(uniform), rules));
  }

  private static List<Double> softmax(double[] logits) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - largest);
    }
    List<Double> weights = new ArrayList<>();
    for (double logit : logits) {
      weights.add(Math.exp(logit - largest) / sum);
    }
    return weights;
  }
}
