package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.CheckpointMerger;
import org.instella.ensemble.MergeConfig;
import org.instella.ensemble.Parents;
import org.instella.jobs.progress.StopSignal;

/**
 * The folder of a finished search:
 *
 * <pre>
 * model/           the model that was picked
 * search.html      one page, nothing external
 * search.md
 * search.json      every number of the two
 * scores/          every answer, one file per candidate and half
 * manifest.json    kind "merge-search"
 * </pre>
 */
final class SearchFiles {
  static final String KIND = "merge-search";
  static final int FORMAT_VERSION = 1;
  static final String MODEL = "model";
  static final String HTML = "search.html";
  static final String MARKDOWN = "search.md";
  static final String JSON = "search.json";

  private final Storage storage;
  private final Location folder;
  private final List<FileDigest> files = new ArrayList<>();

  /**
   * @param folder is emptied first
   */
  SearchFiles(Storage storage, Location folder) {
    this.storage = storage;
    this.folder = folder;
  }

  void write(
      SearchOutcome outcome,
      MergeConfig picked,
      Location scores,
      SortedMap<String, String> settings) {
    storage.delete(folder);
    storage.makeFolder(folder);
    try (CheckpointMerger merger =
        CheckpointMerger.open(storage, picked, Parents.READ_AGAIN, StopSignal::requested)) {
      merger.merge(folder.resolve(MODEL));
    }
    add(MODEL + "/" + Manifest.FILE_NAME);
    text(HTML, new SearchHtml(outcome).render());
    text(MARKDOWN, new SearchMarkdown(outcome).render());
    text(JSON, SearchJson.render(outcome));
    for (FileEntry score : storage.list(scores)) {
      text("scores/" + score.location().name(), storage.readText(score.location()));
    }
    Manifest.Builder manifest = Manifest.builder(KIND, FORMAT_VERSION);
    manifest.configuration(settings);
    files.forEach(manifest::file);
    inputs(outcome).forEach(manifest::input);
    manifest.fact("picked", outcome.picked());
    manifest.fact("best-individual", outcome.best());
    manifest.fact("candidates", outcome.rows().size());
    manifest.fact("loss", outcome.row(outcome.picked()).loss());
    manifest.build().writeTo(storage, folder);
  }

  /** Digests of the individual runs that have a manifest. */
  private SortedMap<String, String> inputs(SearchOutcome outcome) {
    SortedMap<String, String> inputs = new TreeMap<>();
    outcome
        .config()
        .models()
        .forEach(
            (name, path) ->
                Manifest.find(storage, Location.of(path))
                    .ifPresent(manifest -> inputs.put(name, manifest.digest())));
    return inputs;
  }

  private void text(String name, String content) {
    storage.writeText(folder.resolve(name), content);
    add(name);
  }

  private void add(String name) {
    files.add(Digests.of(storage, folder.resolve(name), name));
  }
}
