package org.instella.eval.metric;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.instella.eval.request.PythonText;

/**
 * What is measured on a multiple-choice question. The harnesses differ in what they divide by; the
 * names keep the difference visible. {@code s} is the summed log-probability of an option.
 */
public enum ChoiceMetric implements Metric {
  /** Largest {@code s}. Called {@code acc} by lm-evaluation-harness. */
  ACC_RAW("acc_raw", "acc", true) {
    @Override
    public double of(ScoredChoice question) {
      return question.hit(ScoredOption::logProbability);
    }
  },
  /** Largest {@code s / code points of the choice}, without the delimiter space. */
  ACC_NORM("acc_norm", "acc_norm", true) {
    @Override
    public double of(ScoredChoice question) {
      return question.hit(o -> o.logProbability() / PythonText.length(o.choice()));
    }
  },
  /** Largest {@code s / tokens}, white space moved over from the context included. OLMES. */
  ACC_PER_TOKEN("acc_per_token", "acc_per_token", true) {
    @Override
    public double of(ScoredChoice question) {
      return question.hit(o -> o.logProbability() / o.tokens());
    }
  },
  /** Largest {@code s / code points of the continuation}, delimiter space included. OLMES. */
  ACC_PER_CHAR("acc_per_char", "acc_per_char", true) {
    @Override
    public double of(ScoredChoice question) {
      return question.hit(o -> o.logProbability() / PythonText.length(o.continuation()));
    }
  },
  /** Largest {@code s / UTF-8 bytes of the choice}. */
  ACC_BYTES("acc_bytes", "acc_bytes", true) {
    @Override
    public double of(ScoredChoice question) {
      return question.hit(o -> o.logProbability() / utf8(o.choice()));
    }
  },
  /** Largest {@code s - u}, {@code u} being the same continuation without the question. OLMES. */
  ACC_UNCOND("acc_uncond", "acc_uncond", true) {
    @Override
    public double of(ScoredChoice question) {
      return question.hit(o -> o.logProbability() - o.unconditional().orElseThrow());
    }

    @Override
    public boolean appliesTo(ScoredChoice question) {
      return question.options().size() > 1 && question.hasUnconditional();
    }
  },
  /** Bits per UTF-8 byte of the right continuation, as sent. */
  BITS_PER_BYTE("bits_per_byte", "bits_per_byte", false) {
    @Override
    public double of(ScoredChoice question) {
      ScoredOption gold = question.goldOption();
      return -gold.logProbability() / (Math.log(2) * utf8(gold.continuation()));
    }

    @Override
    public boolean appliesTo(ScoredChoice question) {
      return true;
    }
  };

  private final String id;
  private final String harnessName;
  private final boolean higherIsBetter;

  ChoiceMetric(String id, String harnessName, boolean higherIsBetter) {
    this.id = id;
    this.harnessName = harnessName;
    this.higherIsBetter = higherIsBetter;
  }

  /** Value of one question; needs {@link #appliesTo}. */
  public abstract double of(ScoredChoice question);

  /** Whether the question has what this metric needs. */
  public boolean appliesTo(ScoredChoice question) {
    return question.options().size() > 1;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public String harnessName() {
    return harnessName;
  }

  @Override
  public boolean higherIsBetter() {
    return higherIsBetter;
  }

  /** The metric of this name. */
  public static Optional<ChoiceMetric> named(String id) {
    return Arrays.stream(values()).filter(metric -> metric.id.equals(id)).findFirst();
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
