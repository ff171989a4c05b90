package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;

/** A key whose value is a whole number, a Java {@code long}. */
public final class LongKey extends Key<Long> {
  /** Whole numbers up to here are exact in the double precision that ranges are kept in. */
  private static final double MAX_EXACT = 1L << 53;

  private static final Range ALL = Range.closed(-MAX_EXACT, MAX_EXACT);

  private Range range = ALL;

  LongKey(Settings settings, String key, String help) {
    super(settings, key, help);
  }

  public LongKey in(Range allowed) {
    this.range = allowed;
    return this;
  }

  public LongKey atLeast(long low) {
    return in(Range.atLeast(low));
  }

  @Override
  Long read(ConfigValue value) throws BadValue {
    long number = Numbers.longOf(value);
    if (!ALL.contains(number) || !range.contains(number)) {
      throw new BadValue("must be " + (range.contains(number) ? ALL : range));
    }
    return (long) number;
  }

  @Override
  Long placeholder() {
    return (long) range.anyInside();
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
