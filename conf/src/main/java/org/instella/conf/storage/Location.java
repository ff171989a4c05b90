package org.instella.conf.storage;

import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;

/**
 * Where a file or folder is: {@code /data/x}, {@code hdfs://host/data/x}, {@code s3a://bucket/x}.
 * Local ones are kept as absolute paths, so a location means the same on every thread and in every
 * process of one machine.
 *
 * @param uri absolute local path, or a URI with scheme; without a trailing slash
 */
public record Location(String uri) implements Serializable, Comparable<Location> {

  /**
   * System property with the folder that relative paths count from, default the working directory.
   * Executors work in folders of their own and are told the driver's.
   */
  public static final String WORKING_FOLDER = "instella.working-folder";

  /** Reads a path (relative ones count from {@link #WORKING_FOLDER}) or a URI. */
  public static Location of(String pathOrUri) {
    if (pathOrUri.isBlank() || pathOrUri.indexOf('\0') >= 0) {
      throw new ConfigurationException(
          StorageError.MALFORMED_LOCATION, "A location is empty or holds a zero character");
    }
    if (pathOrUri.startsWith("file:")) {
      return of(Path.of(URI.create(pathOrUri).getPath()));
    }
    if (schemeLength(pathOrUri) > 0) {
      String trimmed = pathOrUri;
      while (trimmed.endsWith("/") && !trimmed.endsWith("//")) {
        trimmed = trimmed.substring(0, trimmed.length() - 1);
      }
      return new Location(trimmed);
    }
    return of(Path.of(pathOrUri));
  }

  /** A local path; a relative one counts from {@link #WORKING_FOLDER}. */
  public static Location of(Path path) {
    Path folder = Path.of(System.getProperty(WORKING_FOLDER, ""));
    return new Location(folder.resolve(path).toAbsolutePath().normalize().toString());
  }

  /**
   * A file or folder below this one.
   *
   * @throws DataException if {@code relative} is absolute or climbs out of this folder
   */
  public Location resolve(String relative) {
    boolean escapes = schemeLength(relative) > 0 || relative.indexOf('\0') >= 0;
    for (String part : relative.split("/", -1)) {
      escapes |= part.isEmpty() || part.equals("..") || part.equals(".");
    }
    if (escapes) {
      throw new DataException(
          StorageError.PATH_ESCAPES_FOLDER,
          "\"%s\" does not name a file inside %s: only plain relative names are allowed"
              .formatted(relative, uri));
    }
    return new Location(uri.endsWith("/") ? uri + relative : uri + "/" + relative);
  }

  /** The last part of the path. */
  public String name() {
    return uri.substring(uri.lastIndexOf('/') + 1);
  }

  /** The folder that holds this location. */
  public Location parent() {
    int slash = uri.lastIndexOf('/');
    int root = isLocal() ? 0 : uri.indexOf("//") + 1;
    if (slash <= root) {
      return new Location(isLocal() ? "/" : uri);
    }
    if (!isLocal() && slash == root + 1) { // hdfs:///a, on the default file system
      return new Location(uri.substring(0, slash + 1));
    }
    return new Location(uri.substring(0, slash));
  }

  /** {@code file} for local paths. */
  public String scheme() {
    return isLocal() ? "file" : uri.substring(0, schemeLength(uri));
  }

  public boolean isLocal() {
    return schemeLength(uri) == 0;
  }

  /** The local path; only for {@link #isLocal} locations. */
  public Path toLocalPath() {
    if (!isLocal()) {
      throw new IllegalStateException(uri + " is not local; use Storage.localCopy");
    }
    return Path.of(uri);
  }

  @Override
  public int compareTo(Location other) {
    return uri.compareTo(other.uri);
  }

  @Override
  public String toString() {
    return uri;
  }

  /** Length of a leading {@code scheme://}'s scheme, 0 where there is none. */
  private static int schemeLength(String text) {
    int mark = text.indexOf("://");
    if (mark <= 0 || !Character.isLetter(text.charAt(0))) {
      return 0;
    }
    for (int i = 0; i < mark; i++) {
      char c = text.charAt(i);
      if (!Character.isLetterOrDigit(c) && c != '+' && c != '-' && c != '.') {
        return 0;
      }
    }
    return mark;
  }
}
