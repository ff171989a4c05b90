package org.instella.tokenize.bpe.split;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What becomes of the matches of a split, as the {@code behavior} of a tokenizer file names it. */
enum SplitBehaviour {
  REMOVED("Removed"),
  ISOLATED("Isolated"),
  MERGED_WITH_PREVIOUS("MergedWithPrevious"),
  MERGED_WITH_NEXT("MergedWithNext"),
  CONTIGUOUS("Contiguous");

  /** A stretch [from, to) of a text, a match of the pattern or what lies between two. */
  record Part(int from, int to, boolean match) {}

  private final String name;

  SplitBehaviour(String name) {
    this.name = name;
  }

  static Optional<SplitBehaviour> named(String name) {
    for (SplitBehaviour behaviour : values()) {
      if (behaviour.name.equals(name)) {
        return Optional.of(behaviour);
      }
    }
    return Optional.empty();
  }

  /** The pieces that the parts, which cover a text in order, become. */
  List<Part> apply(List<Part> parts) {
    return switch (this) {
      case ISOLATED -> parts;
      case REMOVED -> parts.stream().filter(part -> !part.match()).toList();
      case CONTIGUOUS -> contiguous(parts);
      case MERGED_WITH_PREVIOUS -> withPrevious(parts);
      case MERGED_WITH_NEXT -> withNext(parts);
    };
  }

  private static List<Part> contiguous(List<Part> parts) {
    List<Part> out = new ArrayList<>();
    boolean previous = false;
    for (Part part : parts) {
      if (part.match() == previous && !out.isEmpty()) {
        Part last = out.remove(out.size() - 1);
        out.add(new Part(last.from(), part.to(), part.match()));
      } else {
        out.add(part);
      }
      previous = part.match();
    }
    return out;
  }

  private static List<Part> withPrevious(List<Part> parts) {
    List<Part> out = new ArrayList<>();
    boolean previous = false;
    for (Part part : parts) {
      if (part.match() && !previous && !out.isEmpty()) {
        Part last = out.remove(out.size() - 1);
        out.add(new Part(last.from(), part.to(), true));
      } else {
        out.add(part);
      }
      previous = part.match();
    }
    return out;
  }

  private static List<Part> withNext(List<Part> parts) {
    List<Part> out = new ArrayList<>();
    boolean previous = false;
    for (int i = parts.size() - 1; i >= 0; i--) {
      Part part = parts.get(i);
      if (part.match() && !previous && !out.isEmpty()) {
        Part next = out.remove(out.size() - 1);
        out.add(new Part(part.from(), next.to(), true));
      } else {
        out.add(part);
      }
      previous = part.match();
    }
    java.util.Collections.reverse(out);
    return out;
  }
}
