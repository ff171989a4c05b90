package org.instella.conf.settings;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValue;

/** A key whose value is a number of bytes with its unit: {@code 64MiB}, {@code 2 GB}. */
public final class BytesKey extends Key<Long> {
  private Range range = Range.atLeast(0);

  BytesKey(Settings settings, String key, String help) {
    super(settings, key, help);
  }

  public BytesKey in(Range allowed) {
    this.range = allowed;
    return this;
  }

  @Override
  Long read(ConfigValue value) throws BadValue {
    try {
      long bytes = value.atKey("v").getBytes("v");
      if (range.contains(bytes)) {
        return bytes;
      }
    } catch (ConfigException e) {
      throw new BadValue("must be a number of bytes such as 64MiB");
    }
    throw new BadValue("must be " + range + " bytes");
  }

  @Override
  Long placeholder() {
    return (long) range.anyInside();
  }

  @Override
  String type() {
    return "bytes";
  }

  @Override
  String allowed() {
    return range.equals(Range.atLeast(0)) ? "" : range.toString();
  }
}
