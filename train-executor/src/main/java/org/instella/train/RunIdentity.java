package org.instella.train;

import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.storage.Location;
import org.instella.train.optim.TrainDuration;

/**
 * What makes two attempts the same run: every setting that the weights depend on, as flat keys.
 * Where a recipe may change between attempts (intervals of checkpoints and logs, patience, paths
 * whose content is known by digest) it is not in here.
 */
final class RunIdentity {
  private static final String DURATION = "duration";

  /** Once compared; what was skipped under it stands in the state of a checkpoint. */
  private static final String FORMER = "loss.non-finite";

  private RunIdentity() {}

  /** The identity of a recipe. */
  static SortedMap<String, String> of(TrainConfig config) {
    SortedMap<String, String> keys = new TreeMap<>();
    put(keys, "seed", config.seed());
    put(keys, "sequence-length", config.sequenceLength());
    put(keys, "global-batch", config.globalBatch());
    put(keys, "micro-batch", config.microBatch());
    put(keys, DURATION, config.duration());
    put(keys, "compute", config.compute());
    put(keys, "data.order", config.data().order());
    for (DataConfig.Source source : config.data().sources()) {
      String passes =
          source
              .tokens()
              .map(tokens -> tokens + " tokens")
              .orElseGet(() -> source.repeat().orElse(1.0) + " passes");
      put(keys, "data.sources." + source.name(), passes);
    }
    put(keys, "start.from", config.start().from());
    switch (config.start().from()) {
      case INITIALISE -> {
        put(keys, "start.seed", config.start().seed());
        put(keys, "model", config.model().orElseThrow());
      }
      case CHECKPOINT -> {
        put(keys, "start.optimizer", config.start().optimizer());
        put(keys, "start.trainer", config.start().trainer());
      }
      case MODEL -> {}
    }
    put(keys, "optimizer", config.optimizer());
    put(keys, "schedule.kind", config.schedule().kind());
    put(keys, "schedule.warmup", config.schedule().warmup());
    put(keys, "schedule.warmup-start-fraction", config.schedule().warmupStart());
    put(keys, "schedule.final-fraction", config.schedule().finalFraction());
    put(keys, "schedule.end", config.schedule().end().map(TrainDuration::toString).orElse("none"));
    put(keys, "loss.normalisation", config.loss().normalisation());
    return keys;
  }

  /** Records become one key for each of their components. */
  private static void put(Map<String, String> keys, String key, Object value) {
    if (!(value instanceof Record) || value instanceof TrainDuration) {
      keys.put(key, value instanceof Enum<?> name ? kebab(name.name()) : String.valueOf(value));
      return;
    }
    for (var component : value.getClass().getRecordComponents()) {
      try {
        put(keys, key + "." + kebab(component.getName()), component.getAccessor().invoke(value));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static String kebab(String name) {
    return name.equals(name.toUpperCase(Locale.ROOT))
        ? name.toLowerCase(Locale.ROOT).replace('_', '-')
        : name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  /**
   * Refuses to go on from a checkpoint with another recipe.
   *
   * @param extend whether another duration is wanted
   * @throws ConfigurationException naming every key that differs with its old and new value
   */
  static void requireSame(
      Map<String, String> old, Map<String, String> now, boolean extend, Location checkpoint) {
    TreeSet<String> keys = new TreeSet<>(old.keySet());
    keys.addAll(now.keySet());
    keys.remove(FORMER);
    StringBuilder changed = new StringBuilder();
    for (String key : keys) {
      if (!Objects.equals(old.get(key), now.get(key)) && !(extend && key.equals(DURATION))) {
        changed.append(
            "\n  train.%s was %s and is now %s"
                .formatted(key, old.getOrDefault(key, "absent"), now.getOrDefault(key, "absent")));
      }
    }
    if (changed.length() > 0) {
      throw new ConfigurationException(
          TrainError.RECIPE_CHANGED,
          "The recipe differs from that of %s, so going on would be another run:%s\nRestore these keys, name another output folder, or (for a longer run) set train.extend = true"
              .formatted(checkpoint, changed));
    }
  }
}
