package org.instella.jobs.report;

import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.InstellaException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The training report: one HTML page with its style and its charts inside, no script, nothing
 * fetched. Made from the run's folder alone, while it goes on or afterwards.
 */
public final class TrainReport {
  /** Name of the page in the run's folder. */
  public static final String FILE_NAME = "report.html";

  private static final Logger log = LoggerFactory.getLogger(TrainReport.class);

  private TrainReport() {}

  /**
   * Writes the page into the run's folder; one that is there is replaced.
   *
   * @return where it is
   */
  public static Location write(Storage storage, Location folder) {
    Location page = folder.resolve(FILE_NAME);
    Location staging = storage.staging(page);
    storage.writeText(staging, html(storage, RunView.read(storage, folder)));
    storage.delete(page);
    storage.publish(staging, page);
    return page;
  }

  /** As {@link #write}, but a run does not fail because of its report. */
  public static void writeQuietly(Storage storage, Location folder) {
    try {
      if (RunView.isRun(storage, folder)) {
        log.info("report {}", write(storage, folder));
      }
    } catch (InstellaException e) {
      log.warn("no report of {}: {}", folder, e.getMessage());
    }
  }

  static String html(Storage storage, RunView run) {
    return new TrainReportPage(run, PlanComparison.of(storage, run)).render();
  }

  /** Charts of a run, each a card; those without data are left out. */
  static List<String> charts(RunView run) {
    List<String> charts = new ArrayList<>();
    RunCharts made = new RunCharts(run);
    for (String chart :
        List.of(
            made.loss(),
            made.heldOut(),
            made.learningRate(),
            made.gradientNorm(),
            made.weightNorms(),
            made.throughput(),
            made.mfu(),
            made.stepTime())) {
      if (!chart.isEmpty()) {
        charts.add(chart);
      }
    }
    return charts;
  }
}
