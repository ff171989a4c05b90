package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A key whose value is one of a few names: the constants of an enum in kebab case. */
public final class ChoiceKey<E extends Enum<E>> extends Key<E> {
  private final Class<E> choices;

  ChoiceKey(Settings settings, String key, String help, Class<E> choices) {
    super(settings, key, help);
    this.choices = choices;
  }

  /** The name that recipes use for a constant. */
  public static String nameOf(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  E read(ConfigValue value) throws BadValue {
    String text = String.valueOf(value.unwrapped());
    for (E constant : choices.getEnumConstants()) {
      if (nameOf(constant).equals(text)) {
        return constant;
      }
    }
    String hint = Nearest.of(text, names()).map(n -> "; did you mean " + n + "?").orElse("");
    throw new BadValue("must be " + allowed() + hint);
  }

  private List<String> names() {
    return Arrays.stream(choices.getEnumConstants()).map(ChoiceKey::nameOf).toList();
  }

  @Override
  E placeholder() {
    return choices.getEnumConstants()[0];
  }

  @Override
  String type() {
    return "choice";
  }

  @Override
  String allowed() {
    return "one of " + String.join(", ", names());
  }

  @Override
  String show(E value) {
    return nameOf(value);
  }
}
