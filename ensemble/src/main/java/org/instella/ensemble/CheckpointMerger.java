package org.instella.ensemble;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.instella.conf.error.DataException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.model.checkpoint.SafetensorsWriter;
import org.instella.model.checkpoint.ShardLayout;
import org.instella.model.checkpoint.ShardLayout.Shard;
import org.instella.model.checkpoint.TensorInfo;
import org.instella.model.checkpoint.TokenizerFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges model folders into one, in memory that depends on neither their size nor their number of
 * tensors.
 *
 * <p>On one machine call {@link #merge}. On a cluster each of {@link #shards} is one task that
 * calls {@link #writeShard}, and the driver calls {@link #publish} when all are there; the staging
 * folder is the same for all of them. A run that is interrupted between shards resumes: finished
 * files are found again in the staging folder and kept. Equal models and settings give equal bytes,
 * whatever the shards of the inputs, the number of threads or tasks, and their order.
 */
public final class CheckpointMerger implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CheckpointMerger.class);

  private final Storage storage;
  private final MergeConfig config;
  private final StopRequest stop;
  private final Map<String, ModelFolder> folders;
  private final Map<String, FolderSource> sources = new LinkedHashMap<>();
  private final CompatibilityReport compatibility;
  private final Grid grid;
  private final Map<String, TensorInfo> inputs = new HashMap<>();
  private final Source result;
  private final ShardLayout layout;

  private CheckpointMerger(
      Storage storage,
      MergeConfig config,
      Parents parents,
      StopRequest stop,
      Map<String, ModelFolder> folders) {
    this.storage = storage;
    this.config = config;
    this.stop = stop;
    this.folders = folders;
    compatibility = CompatibilityReport.of(List.copyOf(folders.values()));
    compatibility.requireCompatible();
    boolean local = folders.values().stream().allMatch(folder -> folder.location().isLocal());
    grid = new Grid(local ? Grid.LOCAL_CELL : Grid.REMOTE_CELL, config.wantsRows());
    ModelFolder first = first();
    first.names().forEach(name -> inputs.put(name, first.info(name)));
    Parents reading = config.passesOverTensors() ? Parents.READ_AGAIN : parents;
    folders.forEach((path, folder) -> sources.put(path, new FolderSource(folder, grid, reading)));
    result = source(config.result(), new HashMap<>());
    List<TensorInfo> outputs = new ArrayList<>();
    inputs.keySet().stream()
        .sorted(NaturalOrder.INSTANCE)
        .forEach(name -> outputs.add(output(inputs.get(name))));
    layout = ShardLayout.of(outputs, config.shardLimit());
  }

  /** For a merge that nobody stops, of models that are read again. */
  public static CheckpointMerger open(Storage storage, MergeConfig config) {
    return open(storage, config, Parents.READ_AGAIN, () -> false);
  }

  /**
   * Opens all models of a merge.
   *
   * @param parents whether the models are read again soon by somebody else
   * @param stopRequested true once the merge shall end between two pieces of work, with a {@link
   *     StoppedException}; asked by many threads
   * @throws DataException if a folder cannot be read, or with the list of differences if the models
   *     do not fit together
   */
  public static CheckpointMerger open(
      Storage storage, MergeConfig config, Parents parents, BooleanSupplier stopRequested) {
    StopRequest stop = new StopRequest(stopRequested);
    Map<String, ModelFolder> folders = new LinkedHashMap<>();
    try {
      for (String folder : config.folders()) {
        folders.put(folder, ModelFolder.open(storage, Location.of(folder)));
      }
      return new CheckpointMerger(storage, config, parents, stop, folders);
    } catch (RuntimeException e) {
      folders.values().forEach(ModelFolder::close);
      throw e;
    }
  }

  /** How the models differ in what does not keep them apart. */
  public CompatibilityReport compatibility() {
    return compatibility;
  }

  /** A digest of models and settings: merges with the same one give the same bytes. */
  public String identity() {
    return MergeStaging.identity(storage, config, folders.values());
  }

  /** Names of the tensors, in the order of the network. */
  public List<String> tensorNames() {
    return inputs.keySet().stream().sorted(NaturalOrder.INSTANCE).toList();
  }

  /** The files of the output; each can be written by a task of its own. */
  public List<Shard> shards() {
    return layout.shards();
  }

  /**
   * Merges everything into a new model folder.
   *
   * @return the manifest of the new folder
   * @throws DataException if {@code output} exists, or a weight is not finite (it is named)
   * @throws StoppedException after a wish to stop; it says what is left to do
   */
  public Manifest merge(Location output) {
    storage.requireAbsent(output);
    try {
      for (int shard = 0; shard < shards().size(); shard++) {
        writeShard(output, shard);
      }
      return publish(output);
    } catch (RuntimeException e) {
      boolean asked = e instanceof StoppedException && stop.asked().getAsBoolean();
      throw uninterrupted(asked ? stopped(output, e) : e, failure -> cleanUp(output, failure));
    }
  }

  /**
   * Writes one file of the output into the staging folder; one that is finished already is kept.
   *
   * @param shard index into {@link #shards}
   */
  public void writeShard(Location output, int shard) {
    Shard target = shards().get(shard);
    MergeStaging staging = staging(output);
    if (staging.finished(target.file()).isPresent()) {
      log.info("merge shard kept file={}", target.file());
      return;
    }
    Location part = staging.part(target.file());
    try (SafetensorsWriter writer =
            SafetensorsWriter.createWithTreeDigest(
                storage, part, target.tensors(), SafetensorsWriter.TORCH_METADATA);
        ShardMerge merge = new ShardMerge(result, grid, inputs, threads(target), stop)) {
      merge.write(writer);
      FileDigest digest = writer.finish();
      staging.finish(
          part, new FileDigest(target.file(), digest.bytes(), digest.sha256()), checksums(target));
    } catch (RuntimeException e) {
      throw uninterrupted(e, failure -> deleteQuietly(part, failure));
    }
    log.info(
        "merge shard written file={} tensors={} bytes={}",
        target.file(),
        target.tensors().size(),
        target.bytes());
  }

  /**
   * Adds configuration, tokenizer and manifest to the finished shards and makes the folder visible.
   *
   * @throws IllegalStateException if a shard is missing
   */
  public Manifest publish(Location output) {
    storage.requireAbsent(output);
    MergeStaging staging = staging(output);
    ModelFolderWriter writer = ModelFolderWriter.into(storage, staging.folder());
    List<FinishedShard.Note> notes = new ArrayList<>();
    for (String file : fileNames()) {
      FinishedShard.Note note =
          staging
              .finished(file)
              .orElseThrow(() -> new IllegalStateException(file + " is not merged yet"));
      writer.add(note.file());
      notes.add(note);
    }
    staging.keepOnly(fileNames());
    if (layout.indexed()) {
      writer.text(ShardLayout.INDEX, layout.index());
    }
    copySmallFiles(writer);
    List<TensorInfo> outputs =
        shards().stream().flatMap(shard -> shard.tensors().stream()).toList();
    Manifest manifest = MergeManifest.of(config, folders.values(), outputs, notes, writer.files());
    manifest.writeTo(storage, staging.folder());
    storage.publish(staging.folder(), output);
    return manifest;
  }

  /**
   * Tidies the staging folder after a failure: finished shards are kept for a later run where the
   * failure is not the data's, else all goes. {@link #merge} does this itself; whoever spreads
   * {@link #writeShard} over tasks calls it when all of them have ended.
   */
  public void cleanUp(Location output, RuntimeException failure) {
    staging(output).tidy(fileNames(), failure);
  }

  /**
   * What a stopped merge tells: how much of it is done and how to go on. Ask before {@link
   * #cleanUp}.
   */
  public StoppedException stopped(Location output, RuntimeException cause) {
    MergeStaging staging = staging(output);
    List<String> files = fileNames();
    long done = files.stream().filter(file -> staging.finished(file).isPresent()).count();
    return new StoppedException(
        MergeError.MERGE_STOPPED,
        done == 0
            ? "The merge was stopped before the first of its files (%d) was finished; the same command starts it again"
                .formatted(files.size())
            : "The merge was stopped; %d of its %d files are finished and kept, the same command goes on with the others"
                .formatted(done, files.size()),
        cause);
  }

  @Override
  public void close() {
    folders.values().forEach(ModelFolder::close);
  }

  private Source source(MergeStage stage, Map<String, Source> built) {
    List<Source> models = new ArrayList<>();
    for (String reference : stage.models()) {
      models.add(source(reference, built));
    }
    Optional<Source> base = stage.baseReference().map(reference -> source(reference, built));
    return new StageSource(stage, models, base, grid, inputs::get, stop);
  }

  private Source source(String reference, Map<String, Source> built) {
    if (!MergeConfig.isStage(reference)) {
      return sources.get(reference);
    }
    Source source = built.get(reference);
    if (source == null) {
      source = source(config.stage(reference), built);
      built.put(reference, source);
    }
    return source;
  }

  private TensorInfo output(TensorInfo input) {
    return TensorInfo.of(input.name(), config.outputType().of(input.dtype()), input.shape());
  }

  /** The folder that gives configuration and tokenizer: the first model of the merge. */
  private ModelFolder first() {
    return folders.values().iterator().next();
  }

  /** Disks like several requests at once, and a thread that waits for one does not compute. */
  private int threads(Shard target) {
    if (config.threads() > 0) {
      return config.threads();
    }
    boolean cold =
        sources.values().stream()
            .anyMatch(source -> target.tensors().stream().anyMatch(source::waitsForDisk));
    return Runtime.getRuntime().availableProcessors() * (cold ? 2 : 1);
  }

  private MergeStaging staging(Location output) {
    return MergeStaging.of(storage, output, config, folders.values());
  }

  private List<String> fileNames() {
    return shards().stream().map(Shard::file).toList();
  }

  private SortedMap<String, SortedMap<String, String>> checksums(Shard shard) {
    SortedMap<String, SortedMap<String, String>> all = new TreeMap<>();
    int number = 0;
    for (FolderSource source : sources.values()) {
      SortedMap<String, String> ofShard = new TreeMap<>(source.checksums());
      ofShard.keySet().retainAll(shard.tensors().stream().map(TensorInfo::name).toList());
      all.put(Integer.toString(number++), ofShard);
    }
    return all;
  }

  private void copySmallFiles(ModelFolderWriter writer) {
    ModelFolder first = first();
    TensorInfo largest = layout.shards().get(0).tensors().get(0);
    writer.text(ModelFolder.CONFIG, ConfigText.withType(first.configJson(), largest.dtype()));
    List<String> names = new ArrayList<>(TokenizerFiles.NAMES);
    names.add(ModelFolder.GENERATION_CONFIG);
    for (String name : names) {
      Location file = first.location().resolve(name);
      if (storage.exists(file)) {
        writer.copy(file, name);
      }
    }
  }

  /** Cleans up with the interrupt set aside, because files cannot be touched under it. */
  private static RuntimeException uninterrupted(
      RuntimeException e, Consumer<RuntimeException> cleanUp) {
    boolean interrupted = Thread.interrupted();
    RuntimeException failure =
        interrupted && !(e instanceof StoppedException)
            ? new StoppedException(
                MergeError.MERGE_STOPPED, "The merge was interrupted; run it again to resume", e)
            : e;
    cleanUp.accept(failure);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return failure;
  }

  private void deleteQuietly(Location file, RuntimeException failure) {
    try {
      storage.delete(file);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
