package org.instella.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * JSON exactly as Python's {@code json.dumps(value, indent=2, ensure_ascii=False)} writes it, which
 * matters because lm-evaluation-harness hashes that text.
 */
final class PythonJson {
  private PythonJson() {}

  static String indented(JsonNode node) {
    StringBuilder out = new StringBuilder();
    write(node, "\n", out);
    return out.toString();
  }

  private static void write(JsonNode node, String newline, StringBuilder out) {
    if (node.isObject()) {
      List<String> entries = new ArrayList<>();
      for (Iterator<Map.Entry<String, JsonNode>> it = node.fields(); it.hasNext(); ) {
        Map.Entry<String, JsonNode> field = it.next();
        StringBuilder entry = new StringBuilder();
        quote(field.getKey(), entry);
        entry.append(": ");
        write(field.getValue(), newline + "  ", entry);
        entries.add(entry.toString());
      }
      join(entries, '{', '}', newline, out);
    } else if (node.isArray()) {
      List<String> entries = new ArrayList<>();
      for (JsonNode element : node) {
        StringBuilder entry = new StringBuilder();
        write(element, newline + "  ", entry);
        entries.add(entry.toString());
      }
      join(entries, '[', ']', newline, out);
    } else if (node.isTextual()) {
      quote(node.textValue(), out);
    } else if (node.isFloatingPointNumber()) {
      out.append(repr(node.doubleValue()));
    } else {
      out.append(node.asText());
    }
  }

  private static void join(
      List<String> entries, char open, char close, String newline, StringBuilder out) {
    out.append(open);
    if (!entries.isEmpty()) {
      String inner = newline + "  ";
      out.append(inner).append(String.join("," + inner, entries)).append(newline);
    }
    out.append(close);
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /** Python's {@code repr(float)}: the fewest digits that read back as the same number. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    if (value == 0) {
      return 1 / value > 0 ? "0.0" : "-0.0";
    }
    BigDecimal exact = new BigDecimal(value);
    BigDecimal shortest = exact.round(new MathContext(17));
    for (int digits = 1; digits < 17; digits++) {
      BigDecimal candidate = exact.round(new MathContext(digits));
      if (candidate.doubleValue() == value) {
        shortest = candidate;
        break;
      }
    }
    shortest = shortest.stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent < -4 || exponent >= 16) {
      String digits = shortest.unscaledValue().abs().toString();
      String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
      return (value < 0 ? "-" : "")
          + digits.charAt(0)
          + fraction
          + "e%s%02d".formatted(exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
    String plain = shortest.toPlainString();
    return plain.contains(".") ? plain : plain + ".0";
  }
}
