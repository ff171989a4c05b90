package org.instella.train.optim;

import java.io.Serializable;

/**
 * The learning rate of a step: a pure function, so that a resumed run needs no state for it.
 *
 * <p>Steps count from 1: the first update uses {@code at(1)}, the last {@code at(T)}. Formulas are
 * those of OLMo's {@code optim.py}, which Instella's recipes inherit; P is the peak, m the rate at
 * the end, W the warmup, T the end of the schedule.
 */
public sealed interface LearningRate extends Serializable
    permits LearningRate.CosineWithWarmup, LearningRate.LinearWithWarmup, LearningRate.Constant {

  /** The rate of the update that step {@code step} makes, counted from 1. */
  double at(long step);

  /**
   * {@code m + (P - m) (1 + cos(pi (s - W) / (T - W))) / 2} after the warmup, m from T on.
   *
   * @param finalFraction m as a share of the peak ({@code alpha_f})
   */
  record CosineWithWarmup(double peak, Warmup warmup, long end, double finalFraction)
      implements LearningRate {
    @Override
    public double at(long step) {
      if (step < warmup.steps()) {
        return warmup.at(step, peak);
      }
      double least = peak * finalFraction;
      if (step >= end) {
        return least;
      }
      double progress = (double) (step - warmup.steps()) / (end - warmup.steps());
      return least + (peak - least) * (1 + Math.cos(Math.PI * progress)) / 2;
    }
  }

  /**
   * {@code P - (P - m) (s - W) / (T - W)} after the warmup, m from T on.
   *
   * @param finalFraction m as a share of the peak ({@code alpha_f})
   */
  record LinearWithWarmup(double peak, Warmup warmup, long end, double finalFraction)
      implements LearningRate {
    @Override
    public double at(long step) {
      if (step < warmup.steps()) {
        return warmup.at(step, peak);
      }
      double least = peak * finalFraction;
      if (step >= end) {
        return least;
      }
      return peak - (peak - least) * (step - warmup.steps()) / (end - warmup.steps());
    }
  }

  /** The peak after the warmup, for ever. */
  record Constant(double peak, Warmup warmup) implements LearningRate {
    @Override
    public double at(long step) {
      return step < warmup.steps() ? warmup.at(step, peak) : peak;
    }
  }

  /**
   * A straight line from {@code startFraction * P} to P.
   *
   * @param steps W; 0 for none
   * @param startFraction share of the peak at step 0; the published recipes start at a tenth
   */
  record Warmup(long steps, double startFraction) implements Serializable {
    /** The published start of a warmup. */
    public static final double PUBLISHED_START = 0.1;

    double at(long step, double peak) {
      double start = startFraction * peak;
      return start + (peak - start) * Math.min(step, steps) / steps;
    }
  }
}
