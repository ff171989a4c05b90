package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.plan.ScoredRow;

/**
 * Answers that were given already, one file per candidate and set of questions. A file appears
 * whole or not at all, so a search that is stopped goes on where it was.
 */
final class ScoreLedger {
  private static final String ENDING = ".jsonl";

  private final Storage storage;
  private final Location folder;
  private final List<Location> earlier;

  /**
   * @param folder of this search; need not exist
   * @param earlier folders of other searches, only read
   */
  ScoreLedger(Storage storage, Location folder, List<Location> earlier) {
    this.storage = storage;
    this.folder = folder;
    this.earlier = earlier;
  }

  Optional<List<ScoredRow>> find(String key) {
    Location own = folder.resolve(key + ENDING);
    if (storage.exists(own)) {
      return Optional.of(read(own));
    }
    for (Location other : earlier) {
      Location file = other.resolve(key + ENDING);
      if (storage.exists(file)) {
        List<ScoredRow> rows = read(file);
        keep(key, rows); // so that the result holds all it rests on
        return Optional.of(rows);
      }
    }
    return Optional.empty();
  }

  void keep(String key, List<ScoredRow> rows) {
    StringBuilder text = new StringBuilder();
    rows.forEach(row -> text.append(row.toJson()).append('\n'));
    Location file = folder.resolve(key + ENDING);
    Location draft = storage.staging(file);
    storage.writeText(draft, text.toString());
    storage.publish(draft, file);
  }

  private List<ScoredRow> read(Location file) {
    List<ScoredRow> rows = new ArrayList<>();
    storage.readText(file).lines().forEach(line -> rows.add(ScoredRow.fromJson(line)));
    return rows;
  }
}
