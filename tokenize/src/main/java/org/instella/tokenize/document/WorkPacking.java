package org.instella.tokenize.document;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Decides which input makes which shard, and which task makes which shards.
 *
 * <p>The first is a function of the list of files and of nothing else: neither cores nor tasks nor
 * faults can change a byte of the output. The second only says who works on what.
 */
public final class WorkPacking {
  /** Stored bytes of input per shard where nothing else is asked for. */
  public static final long STANDARD_TARGET = 256L << 20;

  private WorkPacking() {}

  /**
   * Groups files, in the order of their names, into units of about {@code targetBytes} stored
   * bytes.
   *
   * <p>A unit is closed before the file that would take it past the target. Plain JSON lines and
   * Parquet larger than the target are cut at its multiples, Zstandard at its {@link
   * InputFile#cuts}; gzip and Arrow cannot be read from the middle, so that such a file is one unit
   * whatever its size.
   */
  public static List<WorkUnit> units(List<InputFile> files, long targetBytes) {
    if (targetBytes < 1) {
      throw new IllegalArgumentException("a target of %d bytes".formatted(targetBytes));
    }
    List<WorkUnit> units = new ArrayList<>();
    List<InputSlice> open = new ArrayList<>();
    long openBytes = 0;
    for (InputFile file : sortedByName(files)) {
      boolean large = file.bytes() >= targetBytes;
      if (!open.isEmpty() && (large || openBytes + file.bytes() > targetBytes)) {
        units.add(new WorkUnit(units.size(), open));
        open = new ArrayList<>();
        openBytes = 0;
      }
      if (large) {
        for (InputSlice slice : slices(file, targetBytes)) {
          units.add(new WorkUnit(units.size(), List.of(slice)));
        }
      } else {
        open.add(InputSlice.whole(file.withoutCuts()));
        openBytes += file.bytes();
      }
    }
    if (!open.isEmpty()) {
      units.add(new WorkUnit(units.size(), open));
    }
    return List.copyOf(units);
  }

  /**
   * Spreads units over {@code tasks} tasks: the largest first, each to the task that has least to
   * do. Every task gets its units in the order of their size, so that what is left at the end is
   * small.
   */
  public static List<List<WorkUnit>> tasks(List<WorkUnit> units, int tasks) {
    record Load(int task, long bytes) {}
    PriorityQueue<Load> loads =
        new PriorityQueue<>(Comparator.comparingLong(Load::bytes).thenComparingInt(Load::task));
    List<List<WorkUnit>> spread = new ArrayList<>();
    for (int task = 0; task < Math.min(tasks, units.size()); task++) {
      loads.add(new Load(task, 0));
      spread.add(new ArrayList<>());
    }
    List<WorkUnit> largestFirst =
        units.stream()
            .sorted(
                Comparator.comparingLong(WorkUnit::bytes)
                    .reversed()
                    .thenComparingInt(WorkUnit::index))
            .toList();
    for (WorkUnit unit : largestFirst) {
      Load least = loads.remove();
      spread.get(least.task()).add(unit);
      loads.add(new Load(least.task(), least.bytes() + unit.bytes()));
    }
    return spread;
  }

  private static List<InputFile> sortedByName(List<InputFile> files) {
    return files.stream().sorted(Comparator.comparing(InputFile::name)).toList();
  }

  private static List<InputSlice> slices(InputFile file, long targetBytes) {
    List<InputSlice> slices = new ArrayList<>();
    InputFile alone = file.withoutCuts();
    long start = 0;
    for (long end : file.format().divisible() ? multiples(file, targetBytes) : file.cuts()) {
      slices.add(new InputSlice(alone, start, end));
      start = end;
    }
    slices.add(new InputSlice(alone, start, file.bytes()));
    return slices;
  }

  private static List<Long> multiples(InputFile file, long targetBytes) {
    List<Long> multiples = new ArrayList<>();
    for (long at = targetBytes; at < file.bytes(); at += targetBytes) {
      multiples.add(at);
    }
    return multiples;
  }
}
