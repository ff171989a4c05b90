package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;
import java.util.regex.Pattern;

/** A key whose value is a text; never empty. */
public final class TextKey extends Key<String> {
  private Pattern pattern;
  private String patternInWords = "";

  TextKey(Settings settings, String key, String help) {
    super(settings, key, help);
  }

  /** Allows only texts that match as a whole; {@code inWords} says so to a person. */
  public TextKey matching(Pattern allowed, String inWords) {
    this.pattern = allowed;
    this.patternInWords = inWords;
    return this;
  }

  @Override
  String read(ConfigValue value) throws BadValue {
    String text =
        switch (value.valueType()) {
          case STRING, NUMBER, BOOLEAN -> String.valueOf(value.unwrapped());
          case OBJECT, LIST, NULL -> throw new BadValue("must be a text");
        };
    if (text.isBlank()) {
      throw new BadValue("must not be empty");
    }
    if (pattern != null && !pattern.matcher(text).matches()) {
      throw new BadValue("must be " + patternInWords);
    }
    return text;
  }

  @Override
  String placeholder() {
    return "placeholder";
  }

  @Override
  String type() {
    return "text";
  }

  @Override
  String allowed() {
    return patternInWords;
  }
}
