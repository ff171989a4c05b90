package org.instella.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.DocumentSampling;

/**
 * Documents that become one token data set.
 *
 * @param name name of the data set and of its folder
 * @param path folder, file or pattern of documents
 * @param sampling which of its documents are taken
 * @param repeat how often training reads it; the shards hold it once
 */
record TokenSource(String name, String path, DocumentSampling sampling, double repeat) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  /** All documents at a path, read once. */
  TokenSource(String name, String path) {
    this(name, path, DocumentSampling.ALL, 1);
  }

  /** The part of {@link #path} before any wildcard. */
  Location place() {
    int wild = path.length();
    for (char mark : new char[] {'*', '?'}) {
      int at = path.indexOf(mark);
      wild = at < 0 ? wild : Math.min(wild, at);
    }
    if (wild == path.length()) {
      return Location.of(path);
    }
    int slash = path.lastIndexOf('/', wild);
    return Location.of(slash < 0 ? "." : slash == 0 ? "/" : path.substring(0, slash));
  }

  /** What a recipe names: single sources, and folders whose sub-folders are sources. */
  record Spec(List<TokenSource> named, List<Location> folders) {

    /** Reads {@code sources} and {@code folders} of a section. */
    static Spec from(Settings section) {
      List<TokenSource> named = new ArrayList<>();
      TreeSet<String> names = new TreeSet<>();
      for (Settings source : section.sections("sources", "documents by source")) {
        String path =
            source.text("path", "folder, file or pattern such as web/*.jsonl.gz").required();
        TokenSource read =
            new TokenSource(
                source
                    .text("name", "name of the data set")
                    .matching(NAME, "letters, digits, dots, dashes")
                    .orElse(Location.of(path).name()),
                path,
                DocumentSampling.from(source),
                source
                    .number("repeat", "how often training reads it; the shards hold it once")
                    .greaterThan(0)
                    .orElse(1.0));
        if (!names.add(read.name())) {
          source.problem("name", "two sources are called " + read.name() + "; name them apart");
        }
        named.add(read);
      }
      List<Location> folders =
          section
              .texts("folders", "folders whose sub-folders are one source each")
              .orElse(List.of())
              .stream()
              .map(Location::of)
              .toList();
      if (named.isEmpty() && folders.isEmpty()) {
        section.problem("sources", "missing; give sources, or folders that hold one folder each");
      }
      return new Spec(List.copyOf(named), folders);
    }

    /** All places that are read. */
    List<Location> places() {
      List<Location> places = new ArrayList<>(folders);
      named.forEach(source -> places.add(source.place()));
      return places;
    }

    /** The sources, those of folders by listing them now. */
    List<TokenSource> sources(Storage storage) {
      List<TokenSource> sources = new ArrayList<>(named);
      for (Location folder : folders) {
        for (FileEntry entry : storage.list(folder)) {
          String name = entry.location().name();
          if (entry.folder() && !name.startsWith(".") && !name.startsWith("_")) {
            sources.add(new TokenSource(name, entry.location().uri()));
          }
        }
      }
      return sources;
    }
  }
}
