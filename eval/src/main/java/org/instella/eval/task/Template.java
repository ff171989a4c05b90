package org.instella.eval.task;

import java.util.ArrayList;
import java.util.List;

/**
 * Text with {@code {field}} in it; {@code {a.b}} reaches into an object, {@code {a|b}} takes the
 * first field that is there, {@code {{} and {@code }}} are the braces themselves. Deliberately
 * nothing more: what needs computing is a {@link DerivedField}.
 */
public final class Template {
  private final String source;
  private final List<Part> parts;

  private record Part(String text, boolean field) {}

  private Template(String source, List<Part> parts) {
    this.source = source;
    this.parts = parts;
  }

  /**
   * @throws IllegalArgumentException if a brace is not closed or not opened
   */
  public static Template of(String source) {
    List<Part> parts = new ArrayList<>();
    StringBuilder literal = new StringBuilder();
    int i = 0;
    while (i < source.length()) {
      char c = source.charAt(i);
      if ((c == '{' || c == '}') && i + 1 < source.length() && source.charAt(i + 1) == c) {
        literal.append(c);
        i += 2;
      } else if (c == '{') {
        int end = source.indexOf('}', i);
        if (end < 0) {
          throw new IllegalArgumentException("\"{\" at %d is not closed".formatted(i));
        }
        parts.add(new Part(literal.toString(), false));
        literal.setLength(0);
        parts.add(new Part(source.substring(i + 1, end), true));
        i = end + 1;
      } else if (c == '}') {
        throw new IllegalArgumentException("\"}\" at %d closes nothing".formatted(i));
      } else {
        literal.append(c);
        i++;
      }
    }
    parts.add(new Part(literal.toString(), false));
    return new Template(source, List.copyOf(parts));
  }

  /**
   * @throws org.instella.conf.error.DataException if the item lacks a field
   */
  public String fill(Item item) {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      text.append(part.field() ? item.text(part.text()) : part.text());
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return source;
  }
}
