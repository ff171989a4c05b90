package org.instella.ensemble;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.instella.conf.error.DataException;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.TensorInfo;

/**
 * Every way in which models differ before they are merged. What would make the merge meaningless
 * refuses it; the rest (chat template, stage, recipe) is there to be seen.
 *
 * @param models names of the model folders, in merge order
 * @param differences refused ones first
 */
public record CompatibilityReport(List<String> models, List<Difference> differences) {
  public CompatibilityReport {
    models = List.copyOf(models);
    differences = List.copyOf(differences);
  }

  /** What differs. */
  public enum Aspect {
    ARCHITECTURE,
    TENSOR_NAMES,
    SHAPES,
    TYPES,
    TOKENIZER,
    CHAT_TEMPLATE,
    CONFIGURATION,
    STAGE,
    LINEAGE;

    /** {@code tensor names} for {@code TENSOR_NAMES}. */
    public String words() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * One difference.
   *
   * @param item which key, tensor or file
   * @param refused true when the models must not be merged
   * @param values one per model
   */
  public record Difference(Aspect aspect, String item, boolean refused, List<String> values) {
    public Difference {
      values = List.copyOf(values);
    }

    String line(List<String> models) {
      List<String> pairs = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) {
        pairs.add(models.get(i) + " has " + values.get(i));
      }
      return "%s %s (%s)".formatted(aspect.words(), item, String.join(", ", pairs));
    }
  }

  /** Compares models; all are only read from their headers and small files. */
  public static CompatibilityReport of(List<ModelFolder> folders) {
    Findings findings = new Findings();
    findings.compareConfigs(folders);
    findings.compareTensors(folders);
    findings.compareTokenizers(folders);
    findings.compareManifests(folders);
    return new CompatibilityReport(
        folders.stream().map(folder -> folder.location().name()).toList(), findings.sorted());
  }

  /** True when the models can be merged. */
  public boolean compatible() {
    return differences.stream().noneMatch(Difference::refused);
  }

  /**
   * Refuses models that cannot be merged.
   *
   * @throws DataException with every refused difference in one message
   */
  public void requireCompatible() {
    if (!compatible()) {
      List<String> lines = new ArrayList<>();
      differences.stream().filter(Difference::refused).forEach(d -> lines.add(d.line(models)));
      throw new DataException(
          MergeError.MODELS_INCOMPATIBLE,
          "The models cannot be merged, %d differences: %s"
              .formatted(lines.size(), String.join("; ", lines)));
    }
  }

  /** The report as a Markdown table. */
  public String markdown() {
    StringBuilder table = new StringBuilder("| Aspect | Item | |");
    models.forEach(model -> table.append(' ').append(model).append(" |"));
    table.append("\n| --- | --- | --- |").append(" --- |".repeat(models.size())).append('\n');
    for (Difference d : differences) {
      table.append(
          "| %s | %s | %s |"
              .formatted(d.aspect().words(), d.item(), d.refused() ? "refused" : "noted"));
      d.values().forEach(value -> table.append(' ').append(value).append(" |"));
      table.append('\n');
    }
    return table.toString();
  }

  private static final class Findings {
    /** Keys of {@code config.json} that say nothing about the function the weights compute. */
    private static final Set<String> IGNORED =
        Set.of("transformers_version", "_name_or_path", "use_cache", "dtype", "torch_dtype");

    private static final Set<String> HARMLESS =
        Set.of(
            "attention_dropout",
            "initializer_range",
            "max_position_embeddings",
            "bos_token_id",
            "eos_token_id",
            "pad_token_id",
            "auto_map");

    private static final String ABSENT = "none";

    private final List<Difference> found = new ArrayList<>();

    List<Difference> sorted() {
      List<Difference> sorted = new ArrayList<>(found);
      sorted.sort((a, b) -> Boolean.compare(b.refused(), a.refused())); // stable
      return sorted;
    }

    void compareConfigs(List<ModelFolder> folders) {
      List<SortedMap<String, String>> configs =
          folders.stream().map(folder -> ConfigText.flat(folder.configJson())).toList();
      compareMaps(
          configs,
          (key, values) ->
              new Difference(
                  HARMLESS.contains(key) ? Aspect.CONFIGURATION : Aspect.ARCHITECTURE,
                  "config.json " + key,
                  !HARMLESS.contains(key),
                  values),
          IGNORED);
    }

    void compareTensors(List<ModelFolder> folders) {
      Set<String> names = new TreeSet<>(NaturalOrder.INSTANCE);
      folders.forEach(folder -> names.addAll(folder.names()));
      for (String name : names) {
        List<TensorInfo> infos = new ArrayList<>();
        for (ModelFolder folder : folders) {
          infos.add(folder.names().contains(name) ? folder.info(name) : null);
        }
        if (infos.contains(null)) {
          add(
              Aspect.TENSOR_NAMES,
              name,
              infos.stream().map(i -> i == null ? ABSENT : "it").toList());
          continue;
        }
        addUnlessEqual(Aspect.SHAPES, name, infos.stream().map(i -> i.shape().toString()).toList());
        List<String> types = infos.stream().map(i -> i.dtype().name()).toList();
        if (!addUnlessEqual(Aspect.TYPES, name, types) && !infos.get(0).dtype().holdsWeights()) {
          add(Aspect.TYPES, name, types);
        }
      }
    }

    void compareTokenizers(List<ModelFolder> folders) {
      List<String> tokenizers = folders.stream().map(ConfigText::tokenizerDigest).toList();
      Set<String> present = new HashSet<>(tokenizers);
      present.remove(ABSENT);
      if (new HashSet<>(tokenizers).size() > 1) {
        found.add(
            new Difference(Aspect.TOKENIZER, "tokenizer.json", present.size() > 1, tokenizers));
      }
      List<String> templates = folders.stream().map(ConfigText::templateDigest).toList();
      if (new HashSet<>(templates).size() > 1) {
        found.add(new Difference(Aspect.CHAT_TEMPLATE, "chat template", false, templates));
      }
    }

    void compareManifests(List<ModelFolder> folders) {
      List<SortedMap<String, String>> stages = new ArrayList<>();
      List<SortedMap<String, String>> inputs = new ArrayList<>();
      for (ModelFolder folder : folders) {
        SortedMap<String, String> stage = new TreeMap<>();
        SortedMap<String, String> input = new TreeMap<>();
        folder
            .manifest()
            .ifPresent(
                manifest -> {
                  stage.putAll(manifest.configuration());
                  stage.put("kind", manifest.kind());
                  manifest.inputs().forEach((key, digest) -> input.put(key, shortened(digest)));
                });
        stages.add(stage);
        inputs.add(input);
      }
      compareMaps(
          stages, (key, values) -> new Difference(Aspect.STAGE, key, false, values), Set.of());
      compareMaps(
          inputs, (key, values) -> new Difference(Aspect.LINEAGE, key, false, values), Set.of());
    }

    private interface Row {
      Difference of(String key, List<String> values);
    }

    private void compareMaps(List<SortedMap<String, String>> maps, Row row, Set<String> ignored) {
      Set<String> keys = new TreeSet<>();
      maps.forEach(map -> keys.addAll(map.keySet()));
      keys.removeAll(ignored);
      for (String key : keys) {
        List<String> values = new ArrayList<>();
        for (Map<String, String> map : maps) {
          values.add(Objects.requireNonNullElse(map.get(key), ABSENT));
        }
        if (new LinkedHashSet<>(values).size() > 1) {
          found.add(row.of(key, values));
        }
      }
    }

    private boolean addUnlessEqual(Aspect aspect, String item, List<String> values) {
      if (new HashSet<>(values).size() == 1) {
        return false;
      }
      add(aspect, item, values);
      return true;
    }

    private void add(Aspect aspect, String item, List<String> values) {
      found.add(new Difference(aspect, item, true, values));
    }

    private static String shortened(String digest) {
      return digest.length() > 12 ? digest.substring(0, 12) : digest;
    }
  }
}
