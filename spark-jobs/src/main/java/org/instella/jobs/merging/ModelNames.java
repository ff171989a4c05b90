package org.instella.jobs.merging;

import java.util.HashSet;
import java.util.List;
import org.instella.conf.storage.Location;

/** Short names for model folders: the last part of the path in which they differ. */
final class ModelNames {
  private ModelNames() {}

  static List<String> of(List<String> folders) {
    List<Location> places = folders.stream().map(Location::of).toList();
    for (int depth = 0; depth < 8; depth++) {
      List<String> names = places.stream().map(Location::name).toList();
      if (new HashSet<>(names).size() == names.size()) {
        return names;
      }
      places = places.stream().map(Location::parent).toList();
    }
    return folders;
  }
}
