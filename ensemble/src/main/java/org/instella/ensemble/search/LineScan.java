package org.instella.ensemble.search;

import java.util.ArrayList;
import java.util.List;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.MergeStage;
import org.instella.ensemble.method.LinearMerge;

/**
 * Loss along straight lines between models: a line without a hump says that they share a basin, so
 * that their mean is worth trying (Frankle et al. 2020, arXiv:1912.05671).
 */
public final class LineScan {
  private LineScan() {}

  /**
   * One line.
   *
   * @param from folder at share 0
   * @param to folder at share 1
   * @param points in order of the share
   */
  public record Line(String from, String to, List<Point> points) {
    public Line {
      points = List.copyOf(points);
    }

    /** How far the loss rises above the straight line between the ends; 0 where it does not. */
    public double barrier() {
      Point first = points.get(0);
      Point last = points.get(points.size() - 1);
      double highest = 0;
      for (Point point : points) {
        double share = (point.share() - first.share()) / (last.share() - first.share());
        double straight = first.loss() + share * (last.loss() - first.loss());
        highest = Math.max(highest, point.loss() - straight);
      }
      return highest;
    }
  }

  /** Loss where {@code share} of the second model meets {@code 1 - share} of the first. */
  public record Point(double share, double loss) {}

  /**
   * Scans all pairs of models.
   *
   * @param steps intervals per line, at least 1; the ends are the models themselves
   */
  public static List<Line> allPairs(List<String> models, int steps, Candidates candidates) {
    List<Line> lines = new ArrayList<>();
    for (int a = 0; a < models.size(); a++) {
      for (int b = a + 1; b < models.size(); b++) {
        lines.add(scan(models.get(a), models.get(b), steps, candidates));
      }
    }
    return lines;
  }

  private static Line scan(String from, String to, int steps, Candidates candidates) {
    List<Point> points = new ArrayList<>();
    points.add(new Point(0, candidates.lossOfModel(from)));
    for (int step = 1; step < steps; step++) {
      double share = (double) step / steps;
      LinearMerge blend = LinearMerge.weighted(List.of(1 - share, share));
      MergeConfig merge = MergeConfig.of(MergeStage.of(List.of(from, to), blend));
      points.add(new Point(share, candidates.lossOf(merge)));
    }
    points.add(new Point(1, candidates.lossOfModel(to)));
    return new Line(from, to, points);
  }
}
