package org.instella.conf.manifest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * What an artefact is made of. Equal inputs and settings give an equal manifest, byte for byte:
 * there is no wall-clock time and no host name in it.
 *
 * @param kind what sort of artefact: {@code tokens}, {@code model}, {@code checkpoint}, ...
 * @param formatVersion version of the layout of the artefact's own files
 * @param codeVersion version of the code that made it
 * @param inputs digest of every input, by name
 * @param configuration resolved settings, flattened to {@code a.b.c} keys; never secrets
 * @param files every file of the artefact but the manifest itself, sorted by name
 * @param facts what else a reader wants to know: counts, seeds; numbers, texts, flags, lists, maps
 */
public record Manifest(
    String kind,
    int formatVersion,
    String codeVersion,
    SortedMap<String, String> inputs,
    SortedMap<String, String> configuration,
    List<FileDigest> files,
    SortedMap<String, Object> facts) {

  public static final String FILE_NAME = "manifest.json";

  public Manifest {
    inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
    configuration = Collections.unmodifiableSortedMap(new TreeMap<>(configuration));
    facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
    files = files.stream().sorted(Comparator.comparing(FileDigest::name)).toList();
  }

  public static Builder builder(String kind, int formatVersion) {
    return new Builder(kind, formatVersion);
  }

  /**
   * The manifest of an artefact.
   *
   * @throws DataException if the folder has none: it is no artefact, or was never finished
   */
  public static Manifest read(Storage storage, Location folder) {
    return find(storage, folder)
        .orElseThrow(
            () ->
                new DataException(
                    ManifestError.MISSING_MANIFEST,
                    "%s has no %s: it is not an artefact of ours, or was never finished"
                        .formatted(folder, FILE_NAME)));
  }

  /** The manifest of an artefact, empty where there is none. */
  public static Optional<Manifest> find(Storage storage, Location folder) {
    Location file = folder.resolve(FILE_NAME);
    if (!storage.exists(file)) {
      return Optional.empty();
    }
    return Optional.of(ManifestJson.parse(storage.readText(file), file.uri()));
  }

  /** Writes {@code manifest.json}; call it last, then publish the folder. */
  public void writeTo(Storage storage, Location folder) {
    storage.writeText(folder.resolve(FILE_NAME), toJson());
  }

  /** Canonical JSON: sorted keys, two spaces, one trailing newline. */
  public String toJson() {
    return ManifestJson.render(this);
  }

  /** SHA-256 of the canonical JSON: the identity of the artefact, which names its files' bytes. */
  public String digest() {
    return Digests.sha256(toJson());
  }

  /**
   * SHA-256 of kind, format, inputs and configuration: an artefact with the fingerprint that a step
   * would give need not be made again.
   */
  public String fingerprint() {
    StringBuilder text = new StringBuilder(kind).append('\n').append(formatVersion).append('\n');
    inputs.forEach((name, digest) -> text.append(quoted(name, digest)));
    text.append('\n');
    configuration.forEach((key, value) -> text.append(quoted(key, value)));
    return Digests.sha256(text.toString());
  }

  /** Lengths keep two different pairs from running into the same text. */
  private static String quoted(String key, String value) {
    return "%d:%s=%d:%s\n".formatted(key.length(), key, value.length(), value);
  }

  /**
   * Reads every file again.
   *
   * @throws DataException naming the first file that is missing or whose bytes differ
   */
  public void verify(Storage storage, Location folder) {
    for (FileDigest expected : files) {
      verify(storage, folder, expected);
    }
  }

  /** Reads one file again; see {@link #verify(Storage, Location)}. */
  public static void verify(Storage storage, Location folder, FileDigest expected) {
    Location file = folder.resolve(expected.name());
    FileEntry entry = storage.stat(file);
    if (entry.bytes() != expected.bytes()) {
      throw new DataException(
          ManifestError.FILE_DIFFERS,
          "%s has %,d bytes but its manifest says %,d; make it again"
              .formatted(file, entry.bytes(), expected.bytes()));
    }
    Optional<TreeDigest.Algorithm> tree = TreeDigest.Algorithm.of(expected.sha256());
    String actual =
        tree.isPresent() ? Digests.tree(storage, file, tree.get()) : Digests.sha256(storage, file);
    if (!actual.equals(expected.sha256())) {
      throw new DataException(
          ManifestError.FILE_DIFFERS,
          "%s has %s %s but its manifest says %s; make it again"
              .formatted(file, tree.isPresent() ? "digest" : "sha256", actual, expected.sha256()));
    }
  }

  /**
   * A number among the facts.
   *
   * @throws DataException if it is missing or no number
   */
  public long longFact(String key) {
    if (facts.get(key) instanceof Number number) {
      return number.longValue();
    }
    throw new DataException(
        ManifestError.MALFORMED_MANIFEST,
        "A manifest of kind %s has no number \"%s\" among its facts".formatted(kind, key));
  }

  /**
   * A text among the facts.
   *
   * @throws DataException if it is missing or no text
   */
  public String textFact(String key) {
    if (facts.get(key) instanceof String text) {
      return text;
    }
    throw new DataException(
        ManifestError.MALFORMED_MANIFEST,
        "A manifest of kind %s has no text \"%s\" among its facts".formatted(kind, key));
  }

  /** Gathers the parts of a manifest. */
  public static final class Builder {
    private final String kind;
    private final int formatVersion;
    private final SortedMap<String, String> inputs = new TreeMap<>();
    private final SortedMap<String, String> configuration = new TreeMap<>();
    private final List<FileDigest> files = new ArrayList<>();
    private final SortedMap<String, Object> facts = new TreeMap<>();

    private Builder(String kind, int formatVersion) {
      this.kind = kind;
      this.formatVersion = formatVersion;
    }

    public Builder input(String name, String digest) {
      inputs.put(name, digest);
      return this;
    }

    public Builder configuration(Map<String, String> resolved) {
      configuration.putAll(resolved);
      return this;
    }

    public Builder configuration(String key, Object value) {
      configuration.put(key, String.valueOf(value));
      return this;
    }

    public Builder file(FileDigest file) {
      files.add(file);
      return this;
    }

    public Builder fact(String key, Object value) {
      facts.put(key, value);
      return this;
    }

    public Manifest build() {
      return new Manifest(
          kind, formatVersion, CodeVersion.current(), inputs, configuration, files, facts);
    }
  }
}
