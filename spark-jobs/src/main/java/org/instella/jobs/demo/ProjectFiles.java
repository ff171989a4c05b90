package org.instella.jobs.demo;

import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;

/**
 * The project's own files as code: sources of a checkout, or the documents and recipes of an
 * installation.
 */
final class ProjectFiles {
  private static final long LARGEST = 64 << 10;
  private static final List<String> ROOMS =
      List.of(
          "conf", "docs", "ensemble", "eval", "model", "spark-jobs", "tokenize", "train-executor");

  private ProjectFiles() {}

  /** A file of the project. */
  record ProjectFile(String name, String text) {}

  /**
   * Files in the order of their names, about {@code bytes} of them.
   *
   * @throws EnvironmentException if the folder holds none
   */
  static List<ProjectFile> read(Storage storage, Location home, long bytes) {
    List<ProjectFile> files = new ArrayList<>();
    long size = 0;
    for (String room : ROOMS) {
      Location folder = home.resolve(room);
      if (!storage.exists(folder)) {
        continue;
      }
      // Every room gives its share, so that a small corpus is not one room only.
      long share = bytes / ROOMS.size();
      long taken = 0;
      for (FileEntry entry : storage.listFiles(folder)) {
        String name = entry.location().uri().substring(home.uri().length() + 1);
        if (wanted(name) && entry.bytes() <= LARGEST && taken < share) {
          files.add(new ProjectFile(name, storage.readText(entry.location())));
          taken += entry.bytes();
        }
      }
      size += taken;
    }
    if (size == 0) {
      throw new EnvironmentException(
          JobError.BAD_INPUT,
          "%s holds no file of the project to use as code; start through bin/instella, or set -Dinstella.home"
              .formatted(home));
    }
    return files;
  }

  private static boolean wanted(String name) {
    boolean text = name.endsWith(".java") || name.endsWith(".md") || name.endsWith(".conf");
    return text && !name.contains("/target/") && !name.contains("/.");
  }
}
