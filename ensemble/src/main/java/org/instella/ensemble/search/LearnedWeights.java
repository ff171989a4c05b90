package org.instella.ensemble.search;

import java.util.ArrayList;
import java.util.Arrays;
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
 * <p>{@link #search} is a compass search on the logits of a softmax: it starts at the uniform mean,
 * tries a step up and down for each weight in turn, keeps what helps, and halves the step when
 * nothing does. {@link #descend} goes against the gradient instead (exponentiated gradient, Kivinen
 * and Warmuth 1997), all weights at once. Both draw no random number and never end worse than the
 * uniform mean.
 *
 * @param groups patterns of each group; the first that matches a tensor owns it, tensors of no
 *     group stay at the uniform mean
 * @param evaluations how many merges may be evaluated; a gradient costs about three more
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
    return new Learned(weights(logits), loss, uniform, best);
  }

  /**
   * Goes downhill: the step is the largest change of a logit; it doubles after a success, up to the
   * first, and is halved after a failure.
   */
  public Learned descend(List<String> models, Candidates candidates, LossGradient gradient) {
    double[][] logits = new double[groups.size()][models.size()];
    MergeConfig best = merge(models, logits);
    double uniform = candidates.lossOf(best);
    double loss = uniform;
    int left = evaluations - 1;
    if (left == 0) {
      return new Learned(weights(logits), loss, uniform, best);
    }
    double[][] direction = direction(gradient.of(candidates.merged(best), models), logits);
    for (double step = firstStep; step >= smallestStep && left > 0; left--) {
      double[][] next = new double[logits.length][];
      for (int group = 0; group < logits.length; group++) {
        next[group] = logits[group].clone();
        for (int m = 0; m < next[group].length; m++) {
          next[group][m] += step * direction[group][m];
        }
      }
      MergeConfig candidate = merge(models, next);
      double reached = candidates.lossOf(candidate);
      if (reached < loss) {
        loss = reached;
        best = candidate;
        logits = next;
        step = Math.min(firstStep, 2 * step);
        if (left > 1) {
          direction = direction(gradient.of(candidates.merged(best), models), logits);
        }
      } else {
        step /= 2;
      }
    }
    return new Learned(weights(logits), loss, uniform, best);
  }

  /** Steepest descent on each simplex; the largest entry of all groups is 1 or -1. */
  private double[][] direction(LossGradient.Slopes slopes, double[][] logits) {
    double[][] direction = new double[logits.length][];
    double largest = 0;
    for (int group = 0; group < logits.length; group++) {
      double[] slope = slopeOf(group, slopes, logits[group].length);
      List<Double> shares = softmax(logits[group]);
      double mean = 0;
      for (int m = 0; m < slope.length; m++) {
        mean += shares.get(m) * slope[m];
      }
      direction[group] = new double[slope.length];
      for (int m = 0; m < slope.length; m++) {
        direction[group][m] = mean - slope[m];
        largest = Math.max(largest, Math.abs(direction[group][m]));
      }
    }
    for (double[] row : direction) {
      for (int m = 0; m < row.length; m++) {
        row[m] = largest == 0 ? 0 : row[m] / largest;
      }
    }
    return direction;
  }

  /** Sum over the tensors that the group owns. */
  private double[] slopeOf(int group, LossGradient.Slopes slopes, int models) {
    double[] sum = new double[models];
    slopes
        .byTensor()
        .forEach(
            (tensor, ofModels) -> {
              if (owner(tensor) == group) {
                for (int m = 0; m < models; m++) {
                  sum[m] += ofModels.get(m);
                }
              }
            });
    return sum;
  }

  /** Index of the first group that matches; -1 for none. */
  private int owner(String tensor) {
    for (int group = 0; group < groups.size(); group++) {
      if (groups.get(group).stream().anyMatch(pattern -> pattern.matches(tensor))) {
        return group;
      }
    }
    return -1;
  }

  private static List<List<Double>> weights(double[][] logits) {
    return Arrays.stream(logits).map(LearnedWeights::softmax).toList();
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
