package org.instella.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.instella.model.transformer.Gauges;
import org.instella.train.checkpoint.TrainerState;
import org.instella.train.data.DocumentSpan;
import org.instella.train.monitor.DeviceRate;
import org.instella.train.monitor.SpikeDetector;
import org.instella.train.monitor.StepTimes;
import org.instella.train.optim.TrainDuration;
import org.instella.train.plan.Flops;
import org.instella.train.plan.TrainingPlan;

/** Rank 0's eyes: turns steps into what operators see, writes it down and tells the listener. */
final class RunMonitor implements AutoCloseable {
  private final RunParts parts;
  private final Resources resources = new Resources();
  private final Gauges gauges;
  private final DeviceRate device;
  private final Flops flops;
  private final SpikeDetector spikes;
  private final StepLog log;

  RunMonitor(RunParts parts) {
    this.parts = parts;
    TrainConfig config = parts.config;
    try {
      gauges = resources.own(new Gauges(parts.objective.parameters().buffer().device()));
      device =
          DeviceRate.of(
              parts.objective.parameters().buffer().device(),
              config.compute().precision() == ComputeConfig.Precision.BFLOAT16,
              config.monitor().device());
      flops = Flops.perToken(parts.provenance.config(), config.sequenceLength());
      spikes = new SpikeDetector(config.monitor().spikes());
      log = resources.own(new StepLog(parts.run, config, parts.start.state().step(), spikes));
    } catch (RuntimeException e) {
      try (resources) {
        throw e;
      }
    }
  }

  void started(TrainerState state) {
    TrainDuration.Units units = parts.data.units(parts.config);
    parts
        .run
        .listener()
        .started(
            new TrainListener.RunShape(
                state.step() + 1,
                parts.calendar.lastStep(),
                parts.provenance.config().parameterCount(),
                parts.config.tokensPerStep(),
                parts.data.mixture().samples(),
                parts.data.plan().stepsPerEpoch(),
                parts.rank.count(),
                parts.rank.generation(),
                flops,
                device,
                TrainingPlan.of(
                    parts.provenance.config(), parts.config, units, parts.rank.count())));
  }

  void stepped(TrainerState state, TrainStep.Outcome outcome, StepTimes times, StepClock clock) {
    OptionalDouble bound = spikes.judge(outcome.loss());
    StepProgress progress =
        new StepProgress(
            state.step(),
            parts.calendar.lastStep(),
            outcome.place().epoch(),
            outcome.loss(),
            outcome.gradientNorm(),
            parts.calendar.learningRate().at(state.step()),
            state.samples() * parts.config.sequenceLength(),
            rate(state, clock),
            times,
            clock.sum(),
            outcome.skipped(),
            bound,
            weightNorms(state.step()));
    log.write(outcome.place(), outcome.exchange().fingerprint(), progress);
    parts.run.listener().stepped(progress);
    boolean computed = !outcome.passedOver();
    if (computed && (bound.isPresent() || outcome.skipped())) {
      Incident incident = incident(state.step(), outcome, bound.orElse(Double.NaN));
      log.write(incident);
      parts.run.listener().noted(incident);
    }
  }

  private StepProgress.Rate rate(TrainerState state, StepClock clock) {
    double tokens = clock.tokensPerSecond();
    int devices = parts.rank.count();
    return new StepProgress.Rate(
        tokens,
        tokens / devices,
        device.share(tokens * flops.causal(), devices),
        device.share(tokens * flops.full(), devices),
        clock.secondsFor(parts.calendar.lastStep() - state.step()));
  }

  private SortedMap<String, Double> weightNorms(long step) {
    boolean due = step % parts.config.monitor().weightNormsEvery() == 0;
    return due || step == parts.calendar.lastStep()
        ? gauges.norms(parts.objective.parameters())
        : new TreeMap<>();
  }

  /** Names the micro-batches above the bound, or the worst one where only their mean is. */
  private Incident incident(long step, TrainStep.Outcome outcome, double bound) {
    StepExchange exchange = outcome.exchange();
    List<Integer> suspects = new ArrayList<>();
    for (int i = 0; i < exchange.microBatches(); i++) {
      double loss = exchange.loss(i);
      if (!Double.isFinite(loss) || loss > bound) {
        suspects.add(i);
      }
    }
    if (suspects.isEmpty()) {
      suspects.add(
          IntStream.range(0, exchange.microBatches())
              .boxed()
              .max(Comparator.comparingDouble(exchange::loss))
              .orElseThrow());
    }
    List<String> documents =
        new BatchDocuments(parts.config, parts.data)
            .of(step, suspects).stream().map(DocumentSpan::toString).toList();
    return new Incident(
        step,
        outcome.skipped() ? Incident.Kind.SKIPPED : Incident.Kind.SPIKE,
        outcome.loss(),
        bound,
        outcome.gradientNorm(),
        suspects,
        documents);
  }

  /** Puts on disk what the run's files say so far; any thread may ask for it. */
  void sync() {
    log.sync();
  }

  void measured(long step, SortedMap<String, Double> losses) {
    log.writeHeldOut(step, losses);
    parts.run.listener().measured(step, losses);
  }

  @Override
  public void close() {
    resources.close();
  }
}
