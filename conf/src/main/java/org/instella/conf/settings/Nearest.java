package org.instella.conf.settings;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that somebody probably meant. */
public final class Nearest {
  private Nearest() {}

  /** The name with the fewest edits away, if that is near enough to be worth suggesting. */
  public static Optional<String> of(String wanted, Collection<String> names) {
    return names.stream()
        .min(
            Comparator.comparingInt((String name) -> edits(wanted, name))
                .thenComparing(Comparator.naturalOrder()))
        .filter(
            name ->
                edits(wanted, name) <= Math.max(2, wanted.length() / 3)
                    || name.startsWith(wanted)
                    || wanted.startsWith(name));
  }

  /** Levenshtein distance. */
  private static int edits(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
