package org.instella.train;

import java.util.List;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.data.DocumentSpan;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens at a step whose loss or gradient is not finite. Every rank knows of it from the same
 * sums, so all of them take the same way.
 */
final class NonFiniteStep {
  private static final Logger log = LoggerFactory.getLogger(NonFiniteStep.class);
  private static final String ADVICE =
      "Look at these documents, lower the learning rate, or set train.loss.non-finite = skip-batch or roll-back";

  private final RunParts parts;
  private final LossConfig config;

  NonFiniteStep(RunParts parts) {
    this.parts = parts;
    this.config = parts.config.loss();
  }

  /**
   * Returns if the batch is to be skipped.
   *
   * @throws org.instella.conf.error.DataException if the run is to stop
   * @throws RollBackRequired if it is to go back
   */
  void meet(long step, NonFiniteReport report) {
    switch (config.nonFinite()) {
      case STOP -> throw report.stop(ADVICE);
      case SKIP_BATCH -> {
        if (parts.rank.first()) {
          log.warn("batch skipped {}", report.text());
        }
      }
      case ROLL_BACK -> rollBack(step, report);
    }
  }

  private void rollBack(long step, NonFiniteReport report) {
    // What is under way is a checkpoint too, and the best to go back to; all ranks wait for it.
    parts.checkpoints.settle();
    long firstPassed = Math.max(parts.firstStep, step - config.rollBackSteps() + 1);
    requireAllowed(firstPassed, report);
    RollBack rollBack =
        new RollBack(
            step,
            firstPassed,
            report.reason(),
            report.documents().stream().map(DocumentSpan::toString).toList());
    if (parts.rank.first()) {
      parts.rollBacks.write(parts.run.storage(), parts.run.output(), rollBack);
      log.warn(
          "rolling back; passed over are steps {} to {}: {}", firstPassed, step, report.text());
      parts.run.listener().rolledBack(rollBack);
    }
    parts.group.barrier(); // nobody looks for the record before it is there
    throw new RollBackRequired(step);
  }

  private void requireAllowed(long firstPassed, NonFiniteReport report) {
    int before = parts.rollBacks.all().size();
    if (before >= config.rollBacks()) {
      throw report.stop(
          "The run has rolled back %d times, as often as train.loss.roll-backs allows. %s"
              .formatted(before, ADVICE));
    }
    List<Checkpoints.Found> found =
        new Checkpoints(parts.run.storage(), parts.run.output()).newestFirst();
    if (!found.isEmpty() && found.stream().noneMatch(f -> f.step() < firstPassed)) {
      throw report.stop(
          "A roll-back of train.loss.roll-back-steps = %d needs a checkpoint before step %d, but the oldest is %s; keep more of them with train.checkpoint.keep"
              .formatted(
                  config.rollBackSteps(),
                  firstPassed,
                  found.get(found.size() - 1).folder().name()));
    }
  }
}
