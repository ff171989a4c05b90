package org.instella.train.parallel;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/**
 * One of two processes that reduce and gather; run by benchmarks/collectives.sh.
 *
 * <p>Arguments: rank, folder to meet in, and pairs of megabytes (10^6 bytes) and repetitions.
 * Prints a line per repetition: operation, megabytes, wall seconds, processor seconds.
 */
public final class CollectivesBenchmark {
  private CollectivesBenchmark() {}

  public static void main(String[] arguments) {
    Rank rank = new FolderRank(Integer.parseInt(arguments[0]), 2, Path.of(arguments[1]));
    try (ProcessGroup group = ProcessGroup.join(rank, TcpOptions.DEFAULT)) {
      for (int i = 2; i < arguments.length; i += 2) {
        int megabytes = Integer.parseInt(arguments[i]);
        DirectMemory memory = new DirectMemory(megabytes * 250_000);
        for (int repetition = 0; repetition < Integer.parseInt(arguments[i + 1]); repetition++) {
          measure(
              group,
              "all-reduce",
              megabytes,
              () -> {
                group.reduceScatter(memory);
                group.allGather(memory);
              });
          measure(group, "reduce-scatter", megabytes, () -> group.reduceScatter(memory));
          measure(group, "all-gather", megabytes, () -> group.allGather(memory));
        }
      }
    }
  }

  private static void measure(ProcessGroup group, String name, int megabytes, Runnable operation) {
    group.barrier();
    long cpu = cpuNanos();
    long start = System.nanoTime();
    operation.run();
    System.out.printf(
        "%s %d %.6f %.6f%n",
        name, megabytes, (System.nanoTime() - start) / 1e9, (cpuNanos() - cpu) / 1e9);
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
