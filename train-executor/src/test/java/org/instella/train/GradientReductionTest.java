package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Storage;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.GradientsReady;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.optim.GradientTree;
import org.instella.train.parallel.FloatMemory;
import org.instella.train.parallel.ParallelError;
import org.instella.train.parallel.ProcessGroup;
import org.instella.train.parallel.Reduction;
import org.instella.train.parallel.Slice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GradientReductionTest {
  private static final TransformerConfig TINY =
      new TransformerConfig(4, 32, 2, 2, 16, 64, 64, 1e-5, 1e4, 16, false, 0, 0, 1);
  @TempDir Path folder;

  /** Two ranks of which this is one; keeps what was sent. */
  private static class RecordingGroup implements ProcessGroup {
    final List<Slice> sent = Collections.synchronizedList(new ArrayList<>());
    final CountDownLatch first = new CountDownLatch(1);

    @Override
    public int rank() {
      return 0;
    }

    @Override
    public int count() {
      return 2;
    }

    @Override
    public void reduceScatter(FloatMemory buffer, Slice range) {
      sent.add(range);
      first.countDown();
    }

    @Override
    public void allGather(FloatMemory buffer) {}

    @Override
    public void broadcast(FloatMemory buffer) {}

    @Override
    public void allReduce(double[] values) {}

    @Override
    public double secondsSpent() {
      return 0;
    }

    @Override
    public void abort(String reason) {}

    @Override
    public void close() {}
  }

  private interface Body {
    void run(GradientReduction reduction, GradientTree tree) throws Exception;
  }

  private static void withReduction(ProcessGroup group, Body body) throws Exception {
    TorchDevice cpu = TorchDevice.cpu(1);
    try (FlatParameters parameters = FlatParameters.allocate(TINY, cpu);
        OptimizerKernels kernels = new OptimizerKernels(cpu);
        GradientTree tree = new GradientTree(parameters, kernels, Reduction.EXACT, 2, 2);
        GradientReduction reduction = new GradientReduction(group)) {
      body.run(reduction, tree);
    }
  }

  @Test
  void aLayersGradientsLeaveWhileTheNextIsComputed() throws Exception {
    RecordingGroup group = new RecordingGroup();
    withReduction(
        group,
        (reduction, tree) -> {
          long all = TINY.parameterCount();
          GradientsReady ready = reduction.begin(tree.finish(tree.next()));
          ready.ready(all / 2, all);
          assertThat(group.first.await(20, TimeUnit.SECONDS))
              .as("sent although half of the pass is to come")
              .isTrue();
          ready.ready(all / 2 - 1, all / 2); // too little for a message of its own
          ready.ready(0, all / 2 - 1);
          reduction.complete();
          assertThat(group.sent)
              .containsExactly(new Slice(all / 2, all - all / 2), new Slice(0, all / 2));
        });
  }

  @Test
  void aRankLostDuringTheBackwardPassEndsTheStep() throws Exception {
    RecordingGroup group =
        new RecordingGroup() {
          @Override
          public void reduceScatter(FloatMemory buffer, Slice range) {
            throw new EnvironmentException(ParallelError.PEER_LOST, "rank 1 died");
          }
        };
    withReduction(
        group,
        (reduction, tree) -> {
          reduction.begin(tree.finish(tree.next())).ready(0, TINY.parameterCount());
          assertThatThrownBy(reduction::complete)
              .isInstanceOf(EnvironmentException.class)
              .hasMessage("rank 1 died");
        });
  }

  @Test
  void theFastReductionRepeatsAtOneWidthAndStaysWithinRoundingOfTheExactOne() throws Exception {
    TinyRun exact = TinyRun.in(folder).with("duration = 4");
    TinyRun fast = exact.with("compute.reduction = fast");
    TrainResult reference = exact.train(4, "exact");
    TrainResult once = fast.train(4, "fast-1");
    TrainResult again = fast.train(4, "fast-2");
    TrainResult narrow = fast.train(1, "fast-3");
    byte[] weights = fast.bytes(once.model().resolve("model.safetensors"));
    assertThat(fast.bytes(again.model().resolve("model.safetensors"))).isEqualTo(weights);
    assertThat(fast.bytes(narrow.model().resolve("model.safetensors")))
        .as("another width sums in another order")
        .isNotEqualTo(weights);
    assertThat(once.loss()).isCloseTo(reference.loss(), within(1e-4));
    assertThat(Storage.standard().readText(once.checkpoint().resolve("manifest.json")))
        .contains("\"compute.reduction\": \"fast\"");
  }

  @Test
  void goingOnWithTheOtherReductionIsRefused() throws Exception {
    TinyRun run = TinyRun.in(folder).with("duration = 1");
    run.train(1, "out");
    assertThatThrownBy(() -> run.with("compute.reduction = fast").train(1, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("train.compute.reduction was exact and is now fast");
  }
}
