package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.CompatibilityReport;
import org.instella.ensemble.ModelDistances;
import org.instella.eval.report.Html;
import org.instella.jobs.Job;
import org.instella.jobs.JobContext;
import org.instella.jobs.JobError;
import org.instella.jobs.JobResult;
import org.instella.jobs.progress.StopSignal;
import org.instella.model.checkpoint.ModelFolder;

/**
 * What one wants to know before a merge: every way in which the models differ, and how far apart
 * they are. Models that cannot be merged get the list of differences and no distances.
 *
 * @param names of the models, in order
 * @param folders of the models
 * @param base folder they started from; empty where unknown
 */
public record MergeCompareJob(List<String> names, List<String> folders, String base)
    implements Job {
  static final String KIND = "merge-compare";
  static final int FORMAT_VERSION = 1;
  private static final String MARKDOWN = "report.md";
  private static final String HTML = "report.html";

  public MergeCompareJob {
    names = List.copyOf(names);
    folders = List.copyOf(folders);
  }

  /** Reads a section {@code merge-compare}. */
  public static MergeCompareJob from(Settings compare) {
    List<String> folders = compare.texts("models", "folders to compare").atLeast(2).required();
    List<String> names =
        compare.texts("names", "of the models, in order").orElse(ModelNames.of(folders));
    if (names.size() != folders.size()) {
      compare.problem("names", "must be one name per model");
    }
    return new MergeCompareJob(
        names, folders, compare.text("base", "folder they started from").orElse(""));
  }

  @Override
  public List<Location> inputs() {
    return all().stream().map(Location::of).toList();
  }

  @Override
  public int slots(int total) {
    return total;
  }

  @Override
  public JobResult run(JobContext context) {
    Storage storage = context.storage();
    CompatibilityReport compatibility = compatibility(storage);
    StringBuilder text = new StringBuilder("# Before the merge\n\n");
    text.append(compatibility.markdown());
    StringBuilder page = new StringBuilder(SearchHtml.head("Before the merge"));
    page.append("<header class=\"top\"><div class=\"eyebrow\">Weight ensembling</div><h1>");
    page.append("Before the merge</h1><p class=\"lead\">");
    page.append(Html.escape(String.join(", ", names))).append("</p></header>");
    if (compatibility.compatible()) {
      ModelDistances measured = measure(storage);
      List<String> allNames = new ArrayList<>(names);
      if (!base.isEmpty()) {
        allNames.add("base");
      }
      DistanceReport distances =
          new DistanceReport(new ModelDistances(allNames, measured.tensors()), !base.isEmpty());
      text.append("\n## Distances\n\n").append(distances.markdown());
      page.append("<h2>How far apart</h2>").append(distances.html());
      page.append("<h2>Distances</h2>").append(SearchHtml.pre(distances.markdown()));
    }
    page.append("<h2>Differences</h2>").append(SearchHtml.pre(compatibility.markdown()));
    page.append("</main></body></html>\n");
    write(storage, context.output(), text.toString(), page.toString());
    String verdict = compatibility.compatible() ? "can be merged" : "CANNOT be merged";
    return new JobResult(
        context.output(),
        "%d models, %d differences: they %s"
            .formatted(folders.size(), compatibility.differences().size(), verdict));
  }

  private ModelDistances measure(Storage storage) {
    try {
      return ModelDistances.measure(
          storage, inputs(), Runtime.getRuntime().availableProcessors(), StopSignal::requested);
    } catch (StoppedException e) {
      throw new StoppedException(
          JobError.STOPPED,
          "Comparing was stopped; nothing was written, the same command starts again",
          e);
    }
  }

  private CompatibilityReport compatibility(Storage storage) {
    List<ModelFolder> open = new ArrayList<>();
    try {
      all().forEach(folder -> open.add(ModelFolder.open(storage, Location.of(folder))));
      CompatibilityReport report = CompatibilityReport.of(open);
      List<String> allNames = new ArrayList<>(names);
      if (!base.isEmpty()) {
        allNames.add("base");
      }
      return new CompatibilityReport(allNames, report.differences());
    } finally {
      open.forEach(ModelFolder::close);
    }
  }

  private List<String> all() {
    List<String> all = new ArrayList<>(folders);
    if (!base.isEmpty()) {
      all.add(base);
    }
    return all;
  }

  private void write(Storage storage, Location output, String text, String page) {
    Location staging = storage.staging(output);
    try {
      storage.makeFolder(staging);
      storage.writeText(staging.resolve(MARKDOWN), text);
      storage.writeText(staging.resolve(HTML), page);
      Manifest.Builder manifest = Manifest.builder(KIND, FORMAT_VERSION);
      manifest.file(Digests.of(storage, staging.resolve(MARKDOWN), MARKDOWN));
      manifest.file(Digests.of(storage, staging.resolve(HTML), HTML));
      for (int m = 0; m < names.size(); m++) {
        String name = names.get(m);
        Manifest.find(storage, Location.of(folders.get(m)))
            .ifPresent(found -> manifest.input(name, found.digest()));
      }
      manifest.build().writeTo(storage, staging);
      storage.publish(staging, output);
    } finally {
      storage.delete(staging);
    }
  }
}
