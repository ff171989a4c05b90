package org.instella.eval.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.eval.request.EvalResponse;

/**
 * All answers of an evaluation, found by unit. A row that comes twice (a partition that was
 * retried) counts once.
 */
public final class ScoredRows {
  private final Map<UnitKey, TreeMap<Integer, EvalResponse>> answers = new HashMap<>();

  /** Takes a row in. */
  public void add(ScoredRow row) {
    answers.computeIfAbsent(row.key(), key -> new TreeMap<>()).put(row.request(), row.response());
  }

  /**
   * The answers of a unit, in the order of its requests.
   *
   * @throws DataException if there are not {@code count} of them
   */
  <T extends EvalResponse> List<T> of(UnitKey key, int count, Class<T> kind) {
    TreeMap<Integer, EvalResponse> found = answers.getOrDefault(key, new TreeMap<>());
    if (found.size() != count || (count > 0 && found.lastKey() != count - 1)) {
      throw new DataException(
          EvalError.MISSING_ROW,
          "Task %s document %d has %d of %d %s answers; run its partition again"
              .formatted(
                  key.task(),
                  key.document(),
                  found.size(),
                  count,
                  key.part().name().toLowerCase(java.util.Locale.ROOT)));
    }
    List<T> typed = new ArrayList<>();
    found.values().forEach(answer -> typed.add(kind.cast(answer)));
    return typed;
  }
}
