package org.instella.ensemble;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.settings.Settings;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ShardLayout;

/**
 * A merge as the recipe describes it. Stages feed each other without a folder in between: their
 * values stay float64 until the one rounding at the end.
 *
 * @param result the merge whose values are written
 * @param stages merges that others refer to as {@code @name}
 * @param outputType type on disk; {@code SAME} keeps each tensor's
 * @param shardLimit largest weights file in bytes
 * @param threads workers, or 0 for one per core, two where they wait for a disk
 */
public record MergeConfig(
    MergeStage result,
    SortedMap<String, MergeStage> stages,
    OutputType outputType,
    long shardLimit,
    int threads)
    implements Serializable {
  private static final String STAGE_MARK = "@";

  public MergeConfig {
    stages = Collections.unmodifiableSortedMap(new TreeMap<>(stages));
  }

  /** Types of the output. */
  public enum OutputType {
    SAME,
    F32,
    BF16,
    F16;

    Dtype of(Dtype stored) {
      return switch (this) {
        case SAME -> stored;
        case F32 -> Dtype.F32;
        case BF16 -> Dtype.BF16;
        case F16 -> Dtype.F16;
      };
    }
  }

  /** A merge of one stage with everything else at its default. */
  public static MergeConfig of(MergeStage result) {
    return new MergeConfig(result, new TreeMap<>(), OutputType.SAME, ShardLayout.DEFAULT_LIMIT, 0);
  }

  /** Reads the section {@code merge} of a recipe. */
  public static MergeConfig from(Settings merge) {
    return from(merge, List.of(), "");
  }

  /**
   * Reads a merge whose models and base may be left out.
   *
   * @param usualModels folders where {@code models} is not given; empty: it must be
   * @param usualBase folder where {@code base} is not given; empty: none
   */
  public static MergeConfig from(Settings merge, List<String> usualModels, String usualBase) {
    MergeStage result = MergeStage.from(merge, usualModels, usualBase);
    SortedMap<String, MergeStage> stages = new TreeMap<>();
    merge
        .named("stages", "merges that others name as @name")
        .forEach((name, section) -> stages.put(name, MergeStage.from(section)));
    MergeConfig config =
        new MergeConfig(
            result,
            stages,
            merge
                .choice("output-type", "type of the weights on disk", OutputType.class)
                .orElse(OutputType.SAME),
            merge.bytes("max-shard-size", "largest weights file").orElse(ShardLayout.DEFAULT_LIMIT),
            merge
                .integer("threads", "workers; 0 is one per core, two for a disk")
                .atLeast(0)
                .orElse(0));
    config.checkReferences(merge);
    return config;
  }

  /** The same merge with other settings of the output. */
  public MergeConfig withShardLimit(long bytes) {
    return new MergeConfig(result, stages, outputType, bytes, threads);
  }

  public MergeConfig withThreads(int workers) {
    return new MergeConfig(result, stages, outputType, shardLimit, workers);
  }

  public MergeConfig withOutputType(OutputType type) {
    return new MergeConfig(result, stages, type, shardLimit, threads);
  }

  /** Every model folder that is read, in the order of first mention, the result's first. */
  public List<String> folders() {
    Set<String> folders = new LinkedHashSet<>();
    addFolders(result, folders);
    stages.values().forEach(stage -> addFolders(stage, folders));
    return List.copyOf(folders);
  }

  static boolean isStage(String reference) {
    return reference.startsWith(STAGE_MARK);
  }

  MergeStage stage(String reference) {
    return stages.get(reference.substring(STAGE_MARK.length()));
  }

  boolean wantsRows() {
    return result.wantsRows() || stages.values().stream().anyMatch(MergeStage::wantsRows);
  }

  /** Whether tensors are read more than once. */
  boolean passesOverTensors() {
    return result.passesOverTensors()
        || stages.values().stream().anyMatch(MergeStage::passesOverTensors);
  }

  /** The method in a few words, with its settings. */
  public String words() {
    String rules =
        result.rules().isEmpty() ? "" : ", %d rules for tensors".formatted(result.rules().size());
    return result.method() + rules + (stages.isEmpty() ? "" : ", stages " + stages.keySet());
  }

  /** What the merge does, without paths: folders are named by their number. */
  public SortedMap<String, String> description() {
    List<String> folders = folders();
    SortedMap<String, String> lines = new TreeMap<>();
    describe("", result, folders, lines);
    stages.forEach((name, stage) -> describe("stages." + name + ".", stage, folders, lines));
    lines.put("output-type", outputType.name());
    lines.put("max-shard-size", Long.toString(shardLimit));
    return lines;
  }

  private static void describe(
      String prefix, MergeStage stage, List<String> folders, SortedMap<String, String> lines) {
    List<String> models = new ArrayList<>();
    for (String reference : stage.models()) {
      models.add(isStage(reference) ? reference : "parent " + folders.indexOf(reference));
    }
    lines.put(prefix + "models", models.toString());
    stage
        .baseReference()
        .ifPresent(
            base ->
                lines.put(
                    prefix + "base", isStage(base) ? base : "parent " + folders.indexOf(base)));
    lines.put(prefix + "method", stage.method().toString());
    for (int i = 0; i < stage.rules().size(); i++) {
      MergeStage.TensorRule rule = stage.rules().get(i);
      lines.put(
          "%stensors[%d]".formatted(prefix, i),
          rule.match().stream().map(TensorPattern::text).toList() + " " + rule.method());
    }
  }

  private static void addFolders(MergeStage stage, Set<String> folders) {
    stage.references().stream().filter(r -> !isStage(r)).forEach(folders::add);
  }

  private void checkReferences(Settings merge) {
    check(merge, "models", result, new ArrayList<>());
    for (Map.Entry<String, MergeStage> entry : stages.entrySet()) {
      List<String> path = new ArrayList<>(List.of(STAGE_MARK + entry.getKey()));
      check(merge, "stages." + entry.getKey(), entry.getValue(), path);
      if (!isUsed(STAGE_MARK + entry.getKey())) {
        merge.problem("stages." + entry.getKey(), "is not named by any list of models");
      }
    }
  }

  private boolean isUsed(String reference) {
    return result.references().contains(reference)
        || stages.values().stream().anyMatch(stage -> stage.references().contains(reference));
  }

  private void check(Settings merge, String key, MergeStage stage, List<String> path) {
    for (String reference : stage.references()) {
      if (!isStage(reference)) {
        continue;
      }
      if (path.contains(reference)) {
        merge.problem(key, "stages feed each other in a circle: %s".formatted(path));
      } else if (stage(reference) == null) {
        merge.problem(key, "%s is not among the stages %s".formatted(reference, stages.keySet()));
      } else {
        path.add(reference);
        check(merge, key, stage(reference), path);
        path.remove(path.size() - 1);
      }
    }
  }
}
