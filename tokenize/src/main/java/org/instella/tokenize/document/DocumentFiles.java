package org.instella.tokenize.document;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * The files of documents below a folder, in the order of their names.
 *
 * @param root the folder that the names are relative to
 * @param files what will be read
 * @param ignored names of files whose ending says no known format: reported, never read
 */
public record DocumentFiles(Location root, List<InputFile> files, List<String> ignored) {

  public DocumentFiles {
    files = List.copyOf(files);
    ignored = List.copyOf(ignored);
  }

  /**
   * Lists a folder tree, a single file, or what a pattern matches: {@code *}, {@code ?} and {@code
   * [0-4]} within a name, {@code **} across folders. Files and folders that begin with a dot or an
   * underscore are not looked at, as in Hadoop.
   *
   * @throws DataException if nothing is there that could be read
   */
  public static DocumentFiles list(Storage storage, String pathOrPattern) {
    int wild = firstWildcard(pathOrPattern);
    if (wild < 0) {
      return listBelow(storage, Location.of(pathOrPattern), Optional.empty());
    }
    int slash = pathOrPattern.lastIndexOf('/', wild);
    Location root =
        Location.of(slash < 0 ? "." : slash == 0 ? "/" : pathOrPattern.substring(0, slash));
    Pattern pattern = pattern(pathOrPattern.substring(slash + 1));
    return listBelow(storage, root, Optional.of(pattern));
  }

  /** Bytes as stored, of all files. */
  public long bytes() {
    return files.stream().mapToLong(InputFile::bytes).sum();
  }

  /**
   * The same files, with places at which large Zstandard files can be cut into parts of about
   * {@code targetBytes}.
   *
   * @throws DataException if a file that is to be scanned is damaged
   */
  public DocumentFiles withCuts(Storage storage, long targetBytes, ZstdSplit split) {
    List<InputFile> cut = new ArrayList<>();
    for (InputFile file : files) {
      boolean wanted = file.format() == InputFormat.JSON_LINES_ZSTD && file.bytes() > targetBytes;
      List<Long> starts = wanted ? ZstdFrames.starts(storage, file, split) : List.of();
      cut.add(
          new InputFile(
              file.location(),
              file.name(),
              file.bytes(),
              file.format(),
              spread(starts, targetBytes)));
    }
    return new DocumentFiles(root, cut, ignored);
  }

  /** Of places inside a file the first behind every multiple of {@code targetBytes}. */
  private static List<Long> spread(List<Long> starts, long targetBytes) {
    List<Long> cuts = new ArrayList<>();
    long next = targetBytes;
    for (long start : starts) {
      if (start >= next) {
        cuts.add(start);
        next = (start / targetBytes + 1) * targetBytes;
      }
    }
    return cuts;
  }

  private static DocumentFiles listBelow(
      Storage storage, Location root, Optional<Pattern> pattern) {
    FileEntry at = storage.stat(root);
    if (!at.folder()) {
      InputFormat format = InputFormat.of(root.name()).orElseThrow(() -> unknown(root));
      InputFile file = new InputFile(root, root.name(), at.bytes(), format);
      return new DocumentFiles(root.parent(), List.of(file), List.of());
    }
    List<InputFile> files = new ArrayList<>();
    List<String> ignored = new ArrayList<>();
    String base = storage.stat(root).location().uri();
    for (FileEntry entry : storage.listFiles(root)) {
      String name = relative(base, entry.location());
      if (isHidden(name) || (pattern.isPresent() && !pattern.get().matcher(name).matches())) {
        continue;
      }
      Optional<InputFormat> format = InputFormat.of(name);
      if (format.isPresent()) {
        files.add(new InputFile(entry.location(), name, entry.bytes(), format.get()));
      } else {
        ignored.add(name);
      }
    }
    if (files.isEmpty()) {
      throw new DataException(
          DocumentError.NO_INPUT,
          "No documents at %s%s: files end in .jsonl, .jsonl.gz, .jsonl.zst, .parquet or .arrow%s"
              .formatted(
                  root,
                  pattern.map(p -> " for the pattern").orElse(""),
                  ignored.isEmpty() ? "" : "; found %s".formatted(ignored.get(0))));
    }
    files.sort(Comparator.comparing(InputFile::name));
    return new DocumentFiles(root, files, ignored);
  }

  private static DataException unknown(Location file) {
    return new DataException(
        DocumentError.UNKNOWN_FORMAT,
        "%s ends in no known format: .jsonl, .jsonl.gz, .jsonl.zst, .parquet or .arrow"
            .formatted(file));
  }

  private static String relative(String base, Location file) {
    String prefix = base.endsWith("/") ? base : base + "/";
    if (!file.uri().startsWith(prefix)) {
      throw new IllegalStateException(file + " was listed below " + base);
    }
    return file.uri().substring(prefix.length());
  }

  private static boolean isHidden(String name) {
    for (String part : name.split("/")) {
      if (part.startsWith(".") || part.startsWith("_")) {
        return true;
      }
    }
    return false;
  }

  private static int firstWildcard(String path) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '*' || c == '?' || (c == '[' && closing(path, i) > 0)) {
        return i;
      }
    }
    return -1;
  }

  private static Pattern pattern(String glob) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      if (glob.startsWith("**/", i)) {
        regex.append("(?:.*/)?");
        i += 2;
      } else if (glob.startsWith("**", i)) {
        regex.append(".*");
        i++;
      } else if (c == '*') {
        regex.append("[^/]*");
      } else if (c == '?') {
        regex.append("[^/]");
      } else if (c == '[' && closing(glob, i) > 0) {
        int end = closing(glob, i);
        regex.append('[').append(glob, i + 1, end).append(']');
        i = end;
      } else {
        regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(regex.toString());
  }

  /** Where a class such as {@code [0-4]} or {@code [a-cx]} ends; 0 where [ begins none. */
  private static int closing(String glob, int open) {
    int end = open + 1;
    while (end < glob.length() && isClassCharacter(glob.charAt(end))) {
      end++;
    }
    return end > open + 1 && end < glob.length() && glob.charAt(end) == ']' ? end : 0;
  }

  private static boolean isClassCharacter(char c) {
    return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
}
