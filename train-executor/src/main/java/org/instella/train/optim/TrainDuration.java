package org.instella.train.optim;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.conf.settings.Settings;

/**
 * A length of training that carries its unit: {@code 2000 steps} (or plain {@code 2000}), {@code
 * 57.575B tokens}, {@code 3 epochs}.
 *
 * @param amount how many, exact: 4.065T tokens is a whole number
 * @param unit of what
 */
public record TrainDuration(BigDecimal amount, Unit unit) {
  private static final Pattern FORM =
      Pattern.compile(
          "([0-9][0-9_]*(?:\\.[0-9]+)?(?:[eE][0-9]+)?)\\s*([kKmMbBtT](?![a-z])|)\\s*([a-z]*)");

  /** What a duration counts. */
  public enum Unit {
    STEPS,
    TOKENS,
    EPOCHS
  }

  /**
   * What a step and an epoch hold.
   *
   * @param tokensPerStep global batch times sequence length
   * @param stepsPerEpoch whole global batches in an epoch; at least 1
   */
  public record Units(long tokensPerStep, long stepsPerEpoch) {}

  public static TrainDuration steps(long steps) {
    return new TrainDuration(BigDecimal.valueOf(steps), Unit.STEPS);
  }

  /** Whole steps, rounded down: a step that the tokens do not fill is not made. */
  public long toSteps(Units units) {
    BigDecimal steps =
        switch (unit) {
          case STEPS -> amount;
          case TOKENS ->
              amount.divide(BigDecimal.valueOf(units.tokensPerStep()), 0, RoundingMode.FLOOR);
          case EPOCHS -> amount.multiply(BigDecimal.valueOf(units.stepsPerEpoch()));
        };
    return steps.setScale(0, RoundingMode.FLOOR).longValueExact();
  }

  /** The duration a text names; empty if it names none. */
  public static Optional<TrainDuration> parse(String text) {
    Matcher matcher = FORM.matcher(text.trim());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    BigDecimal amount = new BigDecimal(matcher.group(1).replace("_", ""));
    amount = amount.scaleByPowerOfTen(thousands(matcher.group(2)));
    Unit unit =
        switch (matcher.group(3)) {
          case "", "step", "steps" -> Unit.STEPS;
          case "token", "tokens" -> Unit.TOKENS;
          case "epoch", "epochs", "ep" -> Unit.EPOCHS;
          default -> null;
        };
    boolean whole = amount.stripTrailingZeros().scale() <= 0;
    return unit == null || (!whole && unit != Unit.EPOCHS)
        ? Optional.empty()
        : Optional.of(new TrainDuration(amount, unit));
  }

  private static int thousands(String suffix) {
    return switch (suffix.toLowerCase(Locale.ROOT)) {
      case "k" -> 3;
      case "m" -> 6;
      case "b" -> 9;
      case "t" -> 12;
      default -> 0;
    };
  }

  /** Reads a key that may be left out; a text of another form is reported as a problem. */
  public static Optional<TrainDuration> read(Settings settings, String key, String help) {
    return settings.text(key, help).optional().map(text -> parse(settings, key, text));
  }

  /** Reads a key with a default. */
  public static TrainDuration read(Settings settings, String key, String help, String fallback) {
    return parse(settings, key, settings.text(key, help).orElse(fallback));
  }

  /** Reads a key that has to be there. */
  public static TrainDuration require(Settings settings, String key, String help) {
    boolean there = settings.has(key);
    String text = settings.text(key, help).required();
    return there ? parse(settings, key, text) : steps(1);
  }

  private static TrainDuration parse(Settings settings, String key, String text) {
    Optional<TrainDuration> duration = parse(text);
    if (duration.isEmpty()) {
      settings.problem(
          key, "is no duration; write for example 2000 steps, 57.575B tokens or 3 epochs");
    }
    return duration.orElse(steps(1));
  }

  @Override
  public String toString() {
    return amount.stripTrailingZeros().toPlainString() + " " + unit.name().toLowerCase(Locale.ROOT);
  }
}
