package org.instella.conf.settings;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValue;
import java.time.Duration;

/** A key whose value is a time span with its unit: {@code 30s}, {@code 10 minutes}. */
public final class DurationKey extends Key<Duration> {
  DurationKey(Settings settings, String key, String help) {
    super(settings, key, help);
  }

  @Override
  Duration read(ConfigValue value) throws BadValue {
    try {
      Duration duration = value.atKey("v").getDuration("v");
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (ConfigException e) {
      // Said below, in our words.
    }
    throw new BadValue("must be a time span such as 30s or 10m");
  }

  @Override
  Duration placeholder() {
    return Duration.ofSeconds(1);
  }

  @Override
  String type() {
    return "time span";
  }

  @Override
  String show(Duration value) {
    return value.toString().substring(2).toLowerCase(java.util.Locale.ROOT);
  }
}
