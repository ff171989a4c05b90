package org.instella.tokenize.document.gzip;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Unpacks gzip files with the JDK's stream and with ours in turn; see {@code benchmarks/gzip.sh}.
 */
public final class GzipBenchmark {
  private static final int ROUNDS = 30;

  private interface Opener {
    InputStream open(InputStream packed) throws IOException;
  }

  private GzipBenchmark() {}

  public static void main(String[] folders) throws IOException {
    List<byte[]> files = new ArrayList<>();
    for (String folder : folders) {
      try (Stream<Path> paths = Files.walk(Path.of(folder))) {
        for (Path path : paths.filter(p -> p.toString().endsWith(".gz")).sorted().toList()) {
          files.add(Files.readAllBytes(path));
        }
      }
    }
    double best = 0;
    double bestOurs = 0;
    for (int round = 0; round < ROUNDS; round++) {
      best = Math.max(best, rate(files, in -> new GZIPInputStream(in, 1 << 16)));
      bestOurs = Math.max(bestOurs, rate(files, GzipStream::new));
    }
    System.out.printf(
        Locale.ROOT,
        "%d files, one thread, best of %d rounds, MB/s of unpacked bytes per second of processor"
            + " time: the JDK's stream %.0f, ours %.0f, %.2fx%n",
        files.size(),
        ROUNDS,
        best,
        bestOurs,
        bestOurs / best);
  }

  private static double rate(List<byte[]> files, Opener opener) throws IOException {
    byte[] buffer = new byte[1 << 18];
    long bytes = 0;
    long begin = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    for (byte[] file : files) {
      try (InputStream in = opener.open(new ByteArrayInputStream(file))) {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          bytes += n;
        }
      }
    }
    long end = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    return bytes / 1e6 / ((end - begin) / 1e9);
  }
}
