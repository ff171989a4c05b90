package org.instella.ensemble;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.TensorInfo;

/**
 * How far models are from each other, per tensor and per layer: whether the seeds differ at all,
 * and where. Sums run in float64 in a fixed order, one tensor per thread.
 *
 * @param models names of the folders
 * @param tensors one row per tensor and pair, in the order of the network's names
 */
public record ModelDistances(List<String> models, List<Distance> tensors) {
  public ModelDistances {
    models = List.copyOf(models);
    tensors = List.copyOf(tensors);
  }

  /**
   * Two models in one tensor or group of tensors; the sums add up over tensors.
   *
   * @param item name of the tensor or group
   * @param a index of the first model
   * @param b index of the second model
   * @param product inner product of the weights
   * @param squareOfA sum of squares of the first model's weights
   * @param squareOfB sum of squares of the second model's weights
   * @param squareOfDifference sum of squares of the differences
   */
  public record Distance(
      String item,
      int a,
      int b,
      double product,
      double squareOfA,
      double squareOfB,
      double squareOfDifference) {

    /** Cosine of the angle; 1 for two zero vectors. */
    public double cosine() {
      double norms = Math.sqrt(squareOfA) * Math.sqrt(squareOfB);
      return norms == 0 ? 1 : Math.min(1, product / norms);
    }

    /** Euclidean length of the difference. */
    public double differenceNorm() {
      return Math.sqrt(squareOfDifference);
    }

    /** Length of the difference against the mean length of the two. */
    public double relativeDifference() {
      double length = (Math.sqrt(squareOfA) + Math.sqrt(squareOfB)) / 2;
      return length == 0 ? 0 : differenceNorm() / length;
    }

    private Distance plus(Distance other, String group) {
      return new Distance(
          group,
          a,
          b,
          product + other.product,
          squareOfA + other.squareOfA,
          squareOfB + other.squareOfB,
          squareOfDifference + other.squareOfDifference);
    }
  }

  /**
   * Measures models that {@link CompatibilityReport} found compatible.
   *
   * @param stopRequested true once the work shall end; asked by all threads
   * @throws StoppedException after a wish to stop
   */
  public static ModelDistances measure(
      Storage storage, List<Location> locations, int threads, BooleanSupplier stopRequested) {
    StopRequest stop = new StopRequest(stopRequested);
    List<ModelFolder> folders = new ArrayList<>();
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      locations.forEach(location -> folders.add(ModelFolder.open(storage, location)));
      CompatibilityReport.of(folders).requireCompatible();
      Grid grid = new Grid(Grid.LOCAL_CELL, false);
      List<FolderSource> sources =
          folders.stream()
              .map(folder -> new FolderSource(folder, grid, Parents.READ_AGAIN))
              .toList();
      List<Future<List<Distance>>> futures = new ArrayList<>();
      TreeSet<String> names = new TreeSet<>(NaturalOrder.INSTANCE);
      names.addAll(folders.get(0).names());
      for (String name : names) {
        TensorInfo info = folders.get(0).info(name);
        futures.add(workers.submit(() -> measure(info, sources, grid, stop)));
      }
      List<Distance> rows = new ArrayList<>();
      for (Future<List<Distance>> future : futures) {
        rows.addAll(future.get());
      }
      return new ModelDistances(locations.stream().map(Location::name).toList(), rows);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InstellaException failure) {
        throw failure;
      }
      throw new IllegalStateException("measuring a tensor", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedException(MergeError.MERGE_STOPPED, "Measuring was interrupted", e);
    } finally {
      workers.shutdown();
      folders.forEach(ModelFolder::close);
    }
  }

  /** One row per layer and pair: embedding, blocks, the rest. */
  public List<Distance> layers() {
    Map<String, Distance> rows = new LinkedHashMap<>();
    for (Distance row : tensors) {
      String layer = TensorGroups.layerOf(row.item());
      rows.merge(
          "%s %d %d".formatted(layer, row.a(), row.b()),
          row.plus(new Distance(layer, row.a(), row.b(), 0, 0, 0, 0), layer),
          (sum, next) -> sum.plus(next, layer));
    }
    return List.copyOf(rows.values());
  }

  /**
   * Cosine between what two models learned since a third, per layer: 1 where they went the same way
   * from it, 0 where their ways have nothing in common. Far more telling than the cosine of the
   * weights, which is near 1 for any two short runs from one start.
   *
   * @param a index of a model
   * @param b index of another
   * @param origin index of the model both started from, the last of {@link #models}
   */
  public SortedMap<String, Double> updateCosines(int a, int b, int origin) {
    SortedMap<String, Double> cosines = new TreeMap<>(NaturalOrder.INSTANCE);
    Map<String, Distance> rows = new HashMap<>();
    layers().forEach(row -> rows.put("%s %d %d".formatted(row.item(), row.a(), row.b()), row));
    for (Distance between : layers()) {
      if (between.a() == a && between.b() == b) {
        Distance first = rows.get("%s %d %d".formatted(between.item(), a, origin));
        Distance second = rows.get("%s %d %d".formatted(between.item(), b, origin));
        double lengths = first.differenceNorm() * second.differenceNorm();
        // |a - b|² = |a - o|² + |b - o|² - 2 (a - o)(b - o)
        double product =
            (first.squareOfDifference()
                    + second.squareOfDifference()
                    - between.squareOfDifference())
                / 2;
        cosines.put(between.item(), lengths == 0 ? 0 : product / lengths);
      }
    }
    return cosines;
  }

  /** The layers as a Markdown table. */
  public String markdown() {
    StringBuilder table =
        new StringBuilder(
            "| Layer | Models | Cosine | Norm of difference | Relative |\n"
                + "| --- | --- | --- | --- | --- |\n");
    for (Distance row : layers()) {
      table.append(
          "| %s | %s, %s | %.6f | %.4g | %.4g |\n"
              .formatted(
                  row.item(),
                  models.get(row.a()),
                  models.get(row.b()),
                  row.cosine(),
                  row.differenceNorm(),
                  row.relativeDifference()));
    }
    return table.toString();
  }

  private static List<Distance> measure(
      TensorInfo info, List<FolderSource> sources, Grid grid, StopRequest stop) {
    int models = sources.size();
    int block = grid.blockOf(info);
    int cell = grid.cellOf(info);
    double[][] values = new double[models][block];
    double[][] products = new double[models][models];
    double[][] differences = new double[models][models];
    Scratch scratch = new Scratch(0);
    for (long first = 0; first < info.elements(); ) {
      stop.check();
      long endOfCell = first / cell * cell + cell;
      int count = (int) Math.min(block, Math.min(endOfCell, info.elements()) - first);
      for (int m = 0; m < models; m++) {
        sources.get(m).read(info.name(), first, count, values[m], scratch);
      }
      for (int a = 0; a < models; a++) {
        for (int b = a; b < models; b++) {
          double product = 0;
          double difference = 0;
          for (int i = 0; i < count; i++) {
            double gap = values[a][i] - values[b][i];
            product += values[a][i] * values[b][i];
            difference += gap * gap;
          }
          products[a][b] += product;
          differences[a][b] += difference;
        }
      }
      first += count;
    }
    List<Distance> rows = new ArrayList<>();
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        rows.add(
            new Distance(
                info.name(),
                a,
                b,
                products[a][b],
                products[a][a],
                products[b][b],
                differences[a][b]));
      }
    }
    return rows;
  }
}
