package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;

/** A key whose value is a whole number, a Java {@code int}. */
public final class IntegerKey extends Key<Integer> {

  private static final Range ALL = Range.closed(Integer.MIN_VALUE, Integer.MAX_VALUE);

  private Range range = ALL;

  IntegerKey(Settings settings, String key, String help) {
    super(settings, key, help);
  }

  public IntegerKey in(Range allowed) {
    this.range = allowed;
    return this;
  }

  public IntegerKey atLeast(int low) {
    return in(Range.atLeast(low));
  }

  @Override
  Integer read(ConfigValue value) throws BadValue {
    long number = Numbers.longOf(value);
    if (!ALL.contains(number) || !range.contains(number)) {
      throw new BadValue("must be " + (range.contains(number) ? ALL : range));
    }
    return (int) number;
  }

  @Override
  Integer placeholder() {
    return (int) range.anyInside();
  }

  @Override
  String type() {
    return "whole number";
  }

  @Override
  String allowed() {
    return range.equals(ALL) ? "" : range.toString();
  }
}
