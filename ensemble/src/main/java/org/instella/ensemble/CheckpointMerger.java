package org.instella.ensemble;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.instella.conf.error.DataException;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;
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
  private final Map<String, ModelFolder> folders;
  private final Map<String, FolderSource> sources = new LinkedHashMap<>();
  private final CompatibilityReport compatibility;
  private final Grid grid;
  private final Map<String, TensorInfo> inputs = new HashMap<>();
  private final Source result;
  private final ShardLayout layout;

  private CheckpointMerger(Storage storage, MergeConfig config, Map<String, ModelFolder> folders) {
    this.storage = storage;
    this.config = config;
    this.folders = folders;
    compatibility = CompatibilityReport.of(List.copyOf(folders.values()));
    compatibility.requireCompatible();
    boolean local = folders.values().stream().allMatch(folder -> folder.location().isLocal());
    grid = new Grid(local ? Grid.LOCAL_CELL : Grid.REMOTE_CELL, config.wantsRows());
    ModelFolder first = first();
    first.names().forEach(name -> inputs.put(name, first.info(name)));
    folders.forEach((path, folder) -> sources.put(path, new FolderSource(folder, grid)));
    result = source(config.result(), new HashMap<>());
    List<TensorInfo> outputs = new ArrayList<>();
    inputs.keySet().stream()
        .sorted(NaturalOrder.INSTANCE)
        .forEach(name -> outputs.add(output(inputs.get(name))));
    layout = ShardLayout.of(outputs, config.shardLimit());
  }

  /**
   * Opens all models of a merge.
   *
   * @throws DataException if a folder cannot be read, or with the list of differences if the models
   *     do not fit together
   */
  public static CheckpointMerger open(Storage storage, MergeConfig config) {
    Map<String, ModelFolder> folders = new LinkedHashMap<>();
    try {
      for (String folder : config.folders()) {
        folders.put(folder, ModelFolder.open(storage, Location.of(folder)));
      }
      return new CheckpointMerger(storage, config, folders);
    } catch (RuntimeException e) {
      folders.values().forEach(ModelFolder::close);
      throw e;
    }
  }

  /** How the models differ in what does not keep them apart. */
  public CompatibilityReport compatibility() {
    return compatibility;
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
   */
  public Manifest merge(Location output) {
    requireAbsent(output);
    try {
      for (int shard = 0; shard < shards().size(); shard++) {
        writeShard(output, shard);
      }
      return publish(output);
    } catch (RuntimeException e) {
      throw uninterrupted(e, failure -> cleanUp(output, failure));
    }
  }

  /**
   * Writes one file of the output into the staging folder; one that is finished already is kept.
   *
   * @param shard index into {@link #shards}
   */
  public void writeShard(Location output, int shard) {
    Shard target = shards().get(shard);
    Location staging = staging(output);
    Location file = staging.resolve(target.file());
    FinishedShard done = new FinishedShard(storage, file);
    if (done.read().isPresent()) {
      log.info("merge shard kept file={}", file);
      return;
    }
    storage.delete(done.note());
    storage.delete(file);
    Location part = staging.resolve(".%s.%s".formatted(target.file(), UUID.randomUUID()));
    try (SafetensorsWriter writer =
            SafetensorsWriter.create(
                storage, part, target.tensors(), SafetensorsWriter.TORCH_METADATA);
        ShardMerge merge = new ShardMerge(result, grid, inputs, threads())) {
      merge.write(writer);
      FileDigest digest = writer.finish();
      if (storage.exists(file)) {
        throw new DataException(
            MergeError.OUTPUT_BUSY,
            "%s appeared while it was being merged: another run writes the same output"
                .formatted(file));
      }
      storage.publish(part, file);
      done.write(new FileDigest(target.file(), digest.bytes(), digest.sha256()), checksums(target));
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
    requireAbsent(output);
    Location staging = staging(output);
    ModelFolderWriter writer = ModelFolderWriter.into(storage, staging);
    List<SortedMap<String, SortedMap<String, String>>> checksums = new ArrayList<>();
    for (Shard shard : shards()) {
      FinishedShard done = new FinishedShard(storage, staging.resolve(shard.file()));
      FinishedShard.Note note =
          done.read()
              .orElseThrow(() -> new IllegalStateException(shard.file() + " is not merged yet"));
      writer.add(note.file());
      checksums.add(note.checksums());
    }
    removeAllButShards(staging);
    if (layout.indexed()) {
      writer.text(ShardLayout.INDEX, layout.index());
    }
    copySmallFiles(writer);
    Manifest manifest = manifest(writer.files(), checksums);
    manifest.writeTo(storage, staging);
    storage.publish(staging, output);
    return manifest;
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
    return new StageSource(stage, models, base, grid, inputs::get);
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

  private int threads() {
    return config.threads() > 0 ? config.threads() : Runtime.getRuntime().availableProcessors();
  }

  private void requireAbsent(Location output) {
    if (storage.exists(output)) {
      throw new DataException(
          StorageError.ALREADY_EXISTS,
          "%s exists already and is not overwritten; remove it or name another output"
              .formatted(output));
    }
  }

  /** The same for every task and every run of this merge, so that finished files are found. */
  private Location staging(Location output) {
    StringBuilder identity = new StringBuilder(config.description().toString());
    for (ModelFolder folder : folders.values()) {
      Optional<Manifest> manifest = folder.manifest();
      identity.append('\n').append(manifest.map(Manifest::digest).orElse(""));
      if (manifest.isEmpty()) {
        for (Location file : folder.weightFiles()) {
          FileEntry entry = storage.stat(file);
          identity.append("%s %d %d\n".formatted(file, entry.bytes(), entry.modifiedMillis()));
        }
      }
    }
    String digest = Digests.sha256(identity.toString()).substring(0, 16);
    return output.parent().resolve("._merge-%s-%s".formatted(output.name(), digest));
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

  private Manifest manifest(
      List<FileDigest> files, List<SortedMap<String, SortedMap<String, String>>> checksums) {
    Manifest.Builder manifest =
        Manifest.builder(ModelFolderWriter.KIND, ModelFolderWriter.FORMAT_VERSION);
    files.forEach(manifest::file);
    config.description().forEach((key, value) -> manifest.configuration("merge." + key, value));
    List<Object> parents = new ArrayList<>();
    int number = 0;
    for (ModelFolder folder : folders.values()) {
      String name = "parent %d %s".formatted(number, folder.location().name());
      Optional<Manifest> parent = folder.manifest();
      String digest =
          parent
              .map(Manifest::digest)
              .orElseGet(new ParentChecksum(Integer.toString(folderNumber(folder)), checksums));
      manifest.input(name, digest);
      SortedMap<String, Object> facts = new TreeMap<>();
      facts.put("name", folder.location().name());
      facts.put("digest", digest);
      facts.put("kind", parent.map(Manifest::kind).orElse("folder without manifest"));
      parents.add(facts);
      number++;
    }
    manifest.fact("parents", parents);
    manifest.fact("parameters", inputs.values().stream().mapToLong(TensorInfo::elements).sum());
    manifest.fact("tensors", inputs.size());
    manifest.fact("dtype", layout.shards().get(0).tensors().get(0).dtype().torchName());
    return manifest.build();
  }

  private int folderNumber(ModelFolder wanted) {
    return List.copyOf(folders.values()).indexOf(wanted);
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

  /**
   * Tidies the staging folder after a failure: finished shards are kept for a later run where the
   * failure is not the data's, else all goes. {@link #merge} does this itself; whoever spreads
   * {@link #writeShard} over tasks calls it when all of them have ended.
   */
  public void cleanUp(Location output, RuntimeException failure) {
    Location staging = staging(output);
    try {
      boolean worthKeeping =
          failure instanceof InstellaException known
              && (known.category() == ErrorCategory.ENVIRONMENT
                  || known.category() == ErrorCategory.STOPPED)
              && shards().stream()
                  .anyMatch(
                      shard ->
                          new FinishedShard(storage, staging.resolve(shard.file()))
                              .read()
                              .isPresent());
      if (worthKeeping) {
        log.info("merge interrupted; finished files are kept folder={}", staging);
      } else {
        storage.delete(staging);
      }
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private void deleteQuietly(Location file, RuntimeException failure) {
    try {
      storage.delete(file);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Notes and parts of earlier runs do not belong to the model. */
  private void removeAllButShards(Location staging) {
    List<String> keep = shards().stream().map(Shard::file).toList();
    for (FileEntry entry : storage.list(staging)) {
      if (!keep.contains(entry.location().name())) {
        storage.delete(entry.location());
      }
    }
  }
}
