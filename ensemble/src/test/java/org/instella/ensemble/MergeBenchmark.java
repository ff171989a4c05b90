package org.instella.ensemble;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** One merge as a process of its own, for {@code benchmarks/merge.sh}: RECIPE-TEXT OUTPUT. */
final class MergeBenchmark {
  private MergeBenchmark() {}

  public static void main(String[] arguments) {
    Settings settings = Recipe.parse(arguments[0], "benchmark").root();
    MergeConfig config = MergeConfig.from(settings);
    settings.finish();
    long start = System.nanoTime();
    try (CheckpointMerger merger = CheckpointMerger.open(Storage.standard(), config)) {
      merger.merge(Location.of(arguments[1]));
    }
    System.out.printf(
        Locale.ROOT, "%.2f s in all;%s%n", (System.nanoTime() - start) / 1e9, cpuByThread());
  }

  /**
   * CPU seconds of the threads that live, by name, time spent compiling, and the rest: the workers,
   * which have ended, and the collector.
   */
  private static String cpuByThread() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Map<String, Double> seconds = new TreeMap<>();
    for (long id : threads.getAllThreadIds()) {
      ThreadInfo info = threads.getThreadInfo(id);
      if (info != null) {
        seconds.merge(info.getThreadName(), threads.getThreadCpuTime(id) / 1e9, Double::sum);
      }
    }
    StringBuilder text = new StringBuilder();
    double compiling = ManagementFactory.getCompilationMXBean().getTotalCompilationTime() / 1e3;
    double[] rest = {processCpu() - compiling};
    seconds.forEach(
        (name, cpu) -> {
          rest[0] -= cpu;
          if (cpu >= 0.05) {
            text.append(String.format(Locale.ROOT, " %s %.2f", name, cpu));
          }
        });
    return text.append(
            String.format(Locale.ROOT, " compiler %.2f workers and rest %.2f", compiling, rest[0]))
        .toString();
  }

  private static double processCpu() {
    return ProcessHandle.current()
            .info()
            .totalCpuDuration()
            .map(duration -> duration.toNanos())
            .orElse(0L)
        / 1e9;
  }
}
