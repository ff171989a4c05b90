package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.manifest.Digests;
import org.instella.eval.EvalSuite;
import org.instella.eval.model.ModelSpec;
import org.instella.eval.plan.EvalPlan;
import org.instella.eval.plan.EvalUnit;
import org.instella.eval.plan.UnitKey;
import org.instella.jobs.JobError;

/**
 * What candidates are asked, in two parts that share no document: one to choose by, the rest for
 * the table. A table whose documents had chosen its rows would flatter what was searched longest.
 */
final class Questions {
  private final double chooseShare;
  private final List<EvalUnit> choosing = new ArrayList<>();
  private final List<EvalUnit> rest = new ArrayList<>();
  private final String choosingDigest;
  private final String restDigest;

  private Questions(double chooseShare, List<EvalUnit> units, ModelSpec asked) {
    this.chooseShare = chooseShare;
    for (EvalUnit unit : units) {
      (chooses(unit.key()) ? choosing : rest).add(unit);
    }
    if (choosing.isEmpty() || rest.stream().noneMatch(Questions::isText)) {
      throw new ConfigurationException(
          JobError.BAD_SETTING,
          "choose-share = %s leaves %d documents for choosing and %d for the table; give more"
              .formatted(
                  chooseShare, choosing.size(), rest.stream().filter(Questions::isText).count()));
    }
    choosingDigest = digest(choosing, asked);
    restDigest = digest(rest, asked);
  }

  static Questions of(EvalSuite suite, double chooseShare, ModelSpec asked) {
    List<EvalUnit> units = new ArrayList<>();
    suite.partitions(1).forEach(partition -> units.addAll(partition.units()));
    return new Questions(chooseShare, units, asked);
  }

  /** Whether a held-out document is one of those for choosing; every source gives its share. */
  boolean chooses(UnitKey key) {
    long before = (long) Math.floor(key.document() * chooseShare);
    return key.part() == UnitKey.Part.TEXT
        && (long) Math.floor((key.document() + 1) * chooseShare) > before;
  }

  List<EvalUnit> choosing() {
    return choosing;
  }

  List<EvalUnit> rest() {
    return rest;
  }

  /** Names these questions, the way of asking and a candidate. */
  String choosingKey(String candidate) {
    return Digests.sha256(candidate + choosingDigest);
  }

  String restKey(String candidate) {
    return Digests.sha256(candidate + restDigest);
  }

  private static boolean isText(EvalUnit unit) {
    return unit.key().part() == UnitKey.Part.TEXT;
  }

  private static String digest(List<EvalUnit> units, ModelSpec asked) {
    StringBuilder text = new StringBuilder();
    text.append(asked.rule()).append(asked.maxLength()).append(asked.device());
    text.append(asked.threads());
    if (!asked.tokenizer().equals(asked.folder())) {
      text.append(asked.tokenizer().uri());
    }
    // In the order of their keys, so that the order of planning does not matter.
    EvalPlan.partitions(units, 1).forEach(p -> p.units().forEach(u -> text.append('\n').append(u)));
    return Digests.sha256(text.toString());
  }
}
