package org.instella.jobs.pipeline;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.jobs.JobError;

/** Steps so that each comes after those it needs. */
final class StepOrder {
  private StepOrder() {}

  /**
   * Topological order; among steps that could come next, the one that comes first by name.
   *
   * @throws ConfigurationException naming a circle
   */
  static List<String> of(Map<String, SortedSet<String>> needs) {
    List<String> order = new ArrayList<>();
    Set<String> done = new LinkedHashSet<>();
    for (String step : new TreeMap<>(needs).keySet()) {
      visit(step, needs, done, new LinkedHashSet<>(), order);
    }
    return order;
  }

  private static void visit(
      String step,
      Map<String, SortedSet<String>> needs,
      Set<String> done,
      LinkedHashSet<String> path,
      List<String> order) {
    if (done.contains(step)) {
      return;
    }
    if (!path.add(step)) {
      List<String> circle = new ArrayList<>(path);
      circle = circle.subList(circle.indexOf(step), circle.size());
      throw new ConfigurationException(
          JobError.STEP_CYCLE,
          "The steps %s -> %s wait for each other; break the circle"
              .formatted(String.join(" -> ", circle), step));
    }
    for (String needed : needs.get(step)) {
      visit(needed, needs, done, path, order);
    }
    path.remove(step);
    done.add(step);
    order.add(step);
  }
}
