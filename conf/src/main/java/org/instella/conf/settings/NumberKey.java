package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;

/** A key whose value is a floating-point number. */
public final class NumberKey extends Key<Double> {
  private Range range = Range.ANY;

  NumberKey(Settings settings, String key, String help) {
    super(settings, key, help);
  }

  public NumberKey in(Range allowed) {
    this.range = allowed;
    return this;
  }

  public NumberKey atLeast(double low) {
    return in(Range.atLeast(low));
  }

  public NumberKey greaterThan(double low) {
    return in(Range.greaterThan(low));
  }

  @Override
  Double read(ConfigValue value) throws BadValue {
    double number = Numbers.doubleOf(value);
    if (!range.contains(number)) {
      throw new BadValue("must be " + (range.equals(Range.ANY) ? "finite" : range));
    }
    return number;
  }

  @Override
  Double placeholder() {
    return range.anyInside();
  }

  @Override
  String type() {
    return "number";
  }

  @Override
  String allowed() {
    return range.equals(Range.ANY) ? "" : range.toString();
  }

  @Override
  String show(Double value) {
    return Range.plain(value);
  }
}
