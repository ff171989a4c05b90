package org.instella.ensemble;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.instella.conf.settings.ListKey;
import org.instella.conf.settings.Settings;
import org.instella.ensemble.method.MergeMethod;
import org.instella.ensemble.method.MethodName;

/**
 * One merge: models, perhaps a base, a method, and rules for tensors that want another one.
 *
 * @param models folders, or {@code @name} of another stage
 * @param base folder or stage from which differences are counted; empty for none
 * @param method for all tensors that no rule names
 * @param rules the first that matches a tensor decides
 */
public record MergeStage(
    List<String> models, String base, MergeMethod method, List<TensorRule> rules)
    implements Serializable {
  public MergeStage {
    models = List.copyOf(models);
    rules = List.copyOf(rules);
  }

  /** Tensors with a method of their own. */
  public record TensorRule(List<TensorPattern> match, MergeMethod method) implements Serializable {
    public TensorRule {
      match = List.copyOf(match);
    }
  }

  /** One method for all tensors of some folders. */
  public static MergeStage of(List<String> models, MergeMethod method) {
    return new MergeStage(models, "", method, List.of());
  }

  static MergeStage from(Settings section) {
    return from(section, List.of(), "");
  }

  /** Reads a stage whose models and base need not be named where there are usual ones. */
  static MergeStage from(Settings section, List<String> usualModels, String usualBase) {
    ListKey<String> named =
        section.texts("models", "folders to merge, or @name of a stage").atLeast(1);
    List<String> models = usualModels.isEmpty() ? named.required() : named.orElse(usualModels);
    String base =
        section.text("base", "folder from which differences are counted").orElse(usualBase);
    int count = Math.max(1, models.size());
    MergeMethod method = MethodName.read(section, count, !base.isEmpty());
    List<TensorRule> rules = new ArrayList<>();
    for (Settings rule :
        section.sections("tensors", "methods for some tensors; the first match decides")) {
      List<TensorPattern> patterns = new ArrayList<>();
      for (String text :
          rule.texts("match", "names; * is any text, <0-11> a number in a range")
              .atLeast(1)
              .required()) {
        TensorPattern pattern = new TensorPattern(text);
        pattern.problem().ifPresent(problem -> rule.problem("match", problem));
        patterns.add(pattern);
      }
      rules.add(new TensorRule(patterns, MethodName.read(rule, count, !base.isEmpty())));
    }
    return new MergeStage(models, base, method, rules);
  }

  Optional<String> baseReference() {
    return base.isEmpty() ? Optional.empty() : Optional.of(base);
  }

  /** Models and base. */
  List<String> references() {
    List<String> all = new ArrayList<>(models);
    baseReference().ifPresent(all::add);
    return all;
  }

  MergeMethod methodFor(String tensor) {
    for (TensorRule rule : rules) {
      if (rule.match().stream().anyMatch(pattern -> pattern.matches(tensor))) {
        return rule.method();
      }
    }
    return method;
  }

  boolean passesOverTensors() {
    return method.passesOverTensors()
        || rules.stream().anyMatch(rule -> rule.method().passesOverTensors());
  }

  boolean wantsRows() {
    return method.wantsRows() || rules.stream().anyMatch(rule -> rule.method().wantsRows());
  }
}
