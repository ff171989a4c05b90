package org.instella.eval.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One colour per model, the same in every chart and table. */
final class ReportColours {
  private static final int SEEDS = 5;

  private final Map<String, String> byName = new HashMap<>();

  ReportColours(ReportContent content) {
    int next = 0;
    List<Named> all = new ArrayList<>();
    content.columns().forEach(column -> all.add(new Named(column.name(), column.role())));
    content.curves().forEach(curve -> all.add(new Named(curve.name(), curve.role())));
    for (Named named : all) {
      if (byName.containsKey(named.name())) {
        continue;
      }
      String colour =
          switch (named.role()) {
            case BASE -> "var(--base)";
            case MERGED -> "var(--merged)";
            case SEED, OTHER -> "var(--seed-" + next++ % SEEDS + ")";
          };
      byName.put(named.name(), colour);
    }
  }

  private record Named(String name, ModelColumn.Role role) {}

  /** A style attribute's content that sets the colour for everything inside. */
  String style(String name) {
    return "--c:" + byName.getOrDefault(name, "var(--base)");
  }
}
