package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;
import java.math.BigDecimal;

/** Numbers as recipes write them: {@code 4e-4}, {@code 4_194_304}, or the same as text. */
final class Numbers {
  private Numbers() {}

  static double doubleOf(ConfigValue value) throws Key.BadValue {
    return decimal(value, "a number").doubleValue();
  }

  static long longOf(ConfigValue value) throws Key.BadValue {
    try {
      return decimal(value, "a whole number").longValueExact();
    } catch (ArithmeticException e) {
      throw new Key.BadValue("must be a whole number");
    }
  }

  private static BigDecimal decimal(ConfigValue value, String wanted) throws Key.BadValue {
    String text =
        switch (value.valueType()) {
          case NUMBER, STRING -> String.valueOf(value.unwrapped()).strip().replace("_", "");
          case OBJECT, LIST, BOOLEAN, NULL -> "";
        };
    // A long exponent would make the exact decimal below fill the memory.
    if (text.isEmpty() || text.length() > 64 || text.matches("(?i).*e[+-]?\\d{4,}")) {
      throw new Key.BadValue("must be " + wanted);
    }
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new Key.BadValue("must be " + wanted);
    }
  }
}
