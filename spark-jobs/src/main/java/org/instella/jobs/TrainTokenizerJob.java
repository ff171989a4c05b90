package org.instella.jobs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.instella.conf.error.InstellaException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.StageAction;
import org.instella.jobs.cluster.TaskFailure;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.bpe.train.BpeTrainer;
import org.instella.tokenize.bpe.train.PreTokenCounter;
import org.instella.tokenize.document.Document;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.DocumentLimits;
import org.instella.tokenize.document.DocumentReader;
import org.instella.tokenize.document.DocumentSchema;
import org.instella.tokenize.document.InputSlice;
import org.instella.tokenize.document.WorkPacking;
import org.instella.tokenize.document.WorkUnit;
import scala.Tuple2;

/**
 * A byte-level BPE tokenizer from documents: tasks count pre-tokens, Spark adds the counts up, the
 * driver learns the merges. Sums do not care for order, so the file is the same for any number of
 * tasks.
 *
 * @param trainer size of the vocabulary and special tokens
 */
public record TrainTokenizerJob(
    BpeTrainer trainer, TokenSource.Spec documents, DocumentSchema columns, DocumentLimits limits)
    implements Job {
  private static final long UNIT_BYTES = 32L << 20;

  /** Reads a section {@code train-tokenizer}. */
  public static TrainTokenizerJob from(Settings settings) {
    int size =
        settings
            .integer("vocabulary-size", "ids in all: special tokens, 256 bytes, merges")
            .in(Range.closed(300, 1 << 20))
            .required();
    return new TrainTokenizerJob(
        new BpeTrainer(
            size,
            settings
                .texts("special-tokens", "special tokens, ids 0 and on")
                .orElse(BpeTrainer.SPECIALS),
            settings
                .integer("min-frequency", "a pair met less often is not merged")
                .atLeast(1)
                .orElse(2)),
        TokenSource.Spec.from(settings),
        DocumentSchema.from(settings.section("columns", "names of the columns of a document")),
        DocumentLimits.from(settings.section("limits", "what input may cost")));
  }

  @Override
  public List<Location> inputs() {
    return documents.places();
  }

  @Override
  public int slots(int total) {
    return total;
  }

  @Override
  public JobResult run(JobContext context) {
    Storage storage = context.storage();
    List<WorkUnit> units = new ArrayList<>();
    Manifest.Builder manifest =
        Manifest.builder("tokenizer", 1)
            .configuration("vocabulary-size", trainer.vocabularySize())
            .configuration("special-tokens", trainer.specials())
            .configuration("min-frequency", trainer.minFrequency());
    for (TokenSource source : documents.sources(storage)) {
      DocumentFiles files = DocumentFiles.list(storage, source.path());
      units.addAll(WorkPacking.units(files.files(), UNIT_BYTES));
      StringBuilder listing = new StringBuilder();
      files
          .files()
          .forEach(f -> listing.append(f.bytes()).append(' ').append(f.name()).append('\n'));
      manifest.input(source.name(), Digests.sha256(listing.toString()));
    }
    byte[] json = trainer.train(count(context, units)).toTokenizerJson();
    int size = Tokenizers.parse(json, context.output().uri()).vocabularySize();
    Location staging = storage.staging(context.output());
    storage.writeBytes(staging.resolve(Tokenizers.FILE_NAME), json);
    manifest
        .file(new FileDigest(Tokenizers.FILE_NAME, json.length, Digests.sha256(json)))
        .fact("vocabulary-size", size)
        .build()
        .writeTo(storage, staging);
    storage.publish(staging, context.output());
    return new JobResult(context.output(), "%,d ids".formatted(size));
  }

  private Map<String, Long> count(JobContext context, List<WorkUnit> units) {
    Cluster cluster = context.cluster().get();
    DocumentSchema schema = columns;
    DocumentLimits costs = limits;
    cluster.slots().awaitAny(context.name());
    cluster.context().setJobGroup(context.name(), context.name(), true);
    try {
      List<Tuple2<String, Long>> counts =
          StageAction.await(
              cluster,
              context.name(),
              cluster
                  .context()
                  .parallelize(units, units.size())
                  .flatMapToPair(unit -> countUnit(unit, schema, costs))
                  .reduceByKey(Long::sum)
                  .collectAsync());
      Map<String, Long> all = new HashMap<>();
      counts.forEach(count -> all.put(count._1(), count._2()));
      return all;
    } catch (InstellaException e) {
      cluster.cancel(context.name());
      throw e;
    } finally {
      cluster.context().clearJobGroup();
    }
  }

  private static Iterator<Tuple2<String, Long>> countUnit(
      WorkUnit unit, DocumentSchema columns, DocumentLimits limits) {
    PreTokenCounter counter = new PreTokenCounter();
    try {
      for (InputSlice slice : unit.slices()) {
        try (DocumentReader reader =
            DocumentReader.open(Storage.standard(), slice, columns, limits)) {
          while (reader.hasNext()) {
            // Rejected lines are tokenize's business: here they are left out.
            if (reader.next() instanceof Document document) {
              counter.add(document.text());
            }
          }
        }
      }
    } catch (RuntimeException e) {
      throw TaskFailure.of(unit.name(), e);
    }
    return counter.counts().entrySet().stream()
        .map(entry -> new Tuple2<>(entry.getKey(), entry.getValue()))
        .iterator();
  }
}
