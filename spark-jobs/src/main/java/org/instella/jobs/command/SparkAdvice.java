package org.instella.jobs.command;

import java.util.LinkedHashMap;
import java.util.Map;
import org.instella.model.torch.TorchDevice;
import org.instella.train.TrainConfig;
import org.instella.train.plan.DevicePeak;
import org.instella.train.plan.TrainingPlan;

/** Spark settings that suit a training stage: one executor a rank, one task an executor. */
final class SparkAdvice {
  private static final long GIGABYTE = 1L << 30;

  /** Libraries, connections and what the allocator keeps. */
  private static final long NATIVE_SLACK = 4 * GIGABYTE;

  private SparkAdvice() {}

  /**
   * Properties by name, in the order in which a person would set them.
   *
   * @param home the installation on the machines, or in the image, where executors run
   */
  static Map<String, String> of(
      TrainingPlan plan, TrainConfig train, DevicePeak device, String home) {
    boolean gpu = train.compute().torchDevice().kind() == TorchDevice.Kind.GPU;
    Map<String, String> advice = new LinkedHashMap<>();
    advice.put("spark.executor.instances", Integer.toString(plan.ranks()));
    advice.put("spark.executor.cores", "1");
    advice.put("spark.task.cpus", "1");
    advice.put("spark.executor.memory", "4g"); // tokens and weights lie outside the heap
    advice.put("spark.executor.memoryOverhead", overhead(plan, gpu) + "g");
    if (gpu) {
      advice.put("spark.executor.resource.gpu.amount", "1");
      // Kubernetes counts cards as VENDOR/gpu, and does not start without one.
      boolean amd = device.name().startsWith("MI");
      advice.put("spark.executor.resource.gpu.vendor", amd ? "amd.com" : "nvidia.com");
      advice.put("spark.executor.resource.gpu.discoveryScript", home + "/bin/cards");
      advice.put("spark.task.resource.gpu.amount", "1");
    }
    advice.put("spark.dynamicAllocation.enabled", "false"); // excluded by barrier stages
    advice.put("spark.scheduler.minRegisteredResourcesRatio", "1.0");
    advice.put("spark.scheduler.maxRegisteredResourcesWaitingTime", "600s");
    advice.put("spark.barrier.sync.timeout", "600");
    advice.put("spark.network.timeout", "60s"); // a lost node is replaced after it
    advice.put("spark.executor.heartbeatInterval", "5s");
    advice.put("spark.task.reaper.enabled", "true");
    advice.put("spark.task.reaper.killTimeout", "10s");
    advice.put("spark.excludeOnFailure.enabled", "false"); // the retry is the driver's
    return advice;
  }

  /**
   * Gigabytes outside the heap. On a card the host holds what a checkpoint is written from; without
   * one it holds everything.
   */
  private static long overhead(TrainingPlan plan, boolean gpu) {
    long held =
        gpu
            ? plan.parameters() * Float.BYTES + 2 * plan.parameters() * Float.BYTES / plan.ranks()
            : plan.memory().total();
    return (held + NATIVE_SLACK + GIGABYTE - 1) / GIGABYTE;
  }
}
