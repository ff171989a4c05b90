package org.instella.tokenize.bpe.unicode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code tables.txt}, read once: lines of a name and words. Words are ranges ({@code 41-5A}) or
 * decompositions ({@code C0=41+300}), in hexadecimal.
 */
final class CharacterTables {
  private static final CharacterTables READ = load();

  private final Map<String, List<String>> words;

  private CharacterTables(Map<String, List<String>> words) {
    this.words = words;
  }

  static CharacterTables read() {
    return READ;
  }

  private static CharacterTables load() {
    Map<String, List<String>> words = new TreeMap<>();
    InputStream resource = CharacterTables.class.getResourceAsStream("tables.txt");
    if (resource == null) {
      throw new IllegalStateException("tables.txt is not beside CharacterTables: broken jar");
    }
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(resource, StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("#")) {
          continue;
        }
        String[] parts = line.split(" ");
        // "class 230 300-314", "category Lu 41-5A": the second word belongs to the name.
        boolean ofTwo = parts[0].equals("class") || parts[0].equals("category");
        String name = ofTwo ? parts[0] + " " + parts[1] : parts[0];
        List<String> of = words.computeIfAbsent(name, n -> new ArrayList<>());
        of.addAll(List.of(parts).subList(ofTwo ? 2 : 1, parts.length));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("tables.txt cannot be read from the jar", e);
    }
    return new CharacterTables(words);
  }

  /** The names that begin with {@code prefix}, sorted. */
  List<String> names(String prefix) {
    return words.keySet().stream().filter(name -> name.startsWith(prefix)).toList();
  }

  /** The words of a name. */
  List<String> words(String name) {
    return words.get(name);
  }

  /** Or-s {@code bits} into the places of all code points of {@code name}. */
  void fill(String name, byte[] table, int bits) {
    forEachRange(
        name,
        (first, last) -> {
          for (int codePoint = first; codePoint <= last; codePoint++) {
            table[codePoint] |= (byte) bits;
          }
        });
  }

  /** Sets all code points of {@code name}. */
  void fill(String name, BitSet points) {
    forEachRange(name, (first, last) -> points.set(first, last + 1));
  }

  private interface RangeAction {
    void accept(int first, int last);
  }

  private void forEachRange(String name, RangeAction action) {
    for (String range : words.get(name)) {
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
      action.accept(first, dash < 0 ? first : Integer.parseInt(range.substring(dash + 1), 16));
    }
  }
}
