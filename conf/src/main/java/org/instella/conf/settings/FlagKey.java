package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;

/** A key whose value is true or false. */
public final class FlagKey extends Key<Boolean> {
  FlagKey(Settings settings, String key, String help) {
    super(settings, key, help);
  }

  @Override
  Boolean read(ConfigValue value) throws BadValue {
    return switch (String.valueOf(value.unwrapped())) {
      case "true", "yes", "on" -> true;
      case "false", "no", "off" -> false;
      default -> throw new BadValue("must be true or false");
    };
  }

  @Override
  Boolean placeholder() {
    return false;
  }

  @Override
  String type() {
    return "true or false";
  }
}
