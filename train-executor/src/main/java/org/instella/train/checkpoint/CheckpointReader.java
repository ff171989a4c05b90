package org.instella.train.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.parallel.FloatMemory;
import org.instella.train.parallel.Slice;

/**
 * A published checkpoint, for any number of ranks.
 *
 * <p>Layout, version 1: a model folder ({@code config.json}, {@code model.safetensors} in float32,
 * tokenizer files), {@code optimizer/rank-00000-of-00002.safetensors} for each rank that wrote it,
 * {@code trainer-state.json}, {@code manifest.json}.
 */
public final class CheckpointReader {
  /** {@code kind} of the manifest. */
  public static final String KIND = "checkpoint";

  static final int FORMAT_VERSION = 1;
  static final String STATE = "trainer-state.json";

  private final Storage storage;
  private final Location folder;
  private final Manifest manifest;
  private final TrainerState state;

  private CheckpointReader(
      Storage storage, Location folder, Manifest manifest, TrainerState state) {
    this.storage = storage;
    this.folder = folder;
    this.manifest = manifest;
    this.state = state;
  }

  /**
   * Reads manifest and state.
   *
   * @throws DataException if the folder is no complete checkpoint of this format
   */
  public static CheckpointReader open(Storage storage, Location folder) {
    Manifest manifest = Manifest.read(storage, folder);
    if (!manifest.kind().equals(KIND) || manifest.formatVersion() != FORMAT_VERSION) {
      throw new DataException(
          CheckpointError.CHECKPOINT_INCOMPLETE,
          "%s is a %s of format %d, not a %s of format %d; for the weights alone use start.from = model"
              .formatted(folder, manifest.kind(), manifest.formatVersion(), KIND, FORMAT_VERSION));
    }
    Location file = folder.resolve(STATE);
    return new CheckpointReader(
        storage, folder, manifest, TrainerState.parse(storage.readText(file), file));
  }

  public Location folder() {
    return folder;
  }

  public TrainerState state() {
    return state;
  }

  /** The settings that its weights depend on. */
  public SortedMap<String, String> identity() {
    SortedMap<String, String> identity = new TreeMap<>();
    if (manifest.facts().get("identity") instanceof Map<?, ?> fields) {
      fields.forEach((key, value) -> identity.put(String.valueOf(key), String.valueOf(value)));
    }
    return identity;
  }

  /** Digests of what the checkpoint was made from. */
  public SortedMap<String, String> inputs() {
    return manifest.inputs();
  }

  /** Identity of the checkpoint. */
  public String digest() {
    return manifest.digest();
  }

  /**
   * Reads a share of the files again and compares their digests: every {@code count}-th, so that
   * the ranks together read all.
   *
   * @throws DataException naming the first file that differs
   */
  public void verify(int share, int count) {
    List<FileDigest> files = manifest.files();
    for (int i = share; i < files.size(); i += count) {
      Manifest.verify(storage, folder, files.get(i));
    }
  }

  /** Shape of the model. */
  public TransformerConfig config() {
    try (ModelFolder model = ModelFolder.open(storage, folder)) {
      return model.transformerConfig();
    }
  }

  /** Copies the weights into a flat buffer. */
  public void loadWeights(FloatMemory flat) {
    try (ModelFolder model = ModelFolder.open(storage, folder)) {
      model.load(new WeightMemory(flat));
    }
  }

  /**
   * Copies the moments of a slice, from the files of however many ranks wrote them.
   *
   * @param total elements of the flat buffer
   * @param firstMoments of the slice, from its first element
   * @param secondMoments likewise
   * @throws DataException if the files do not cover the slice
   */
  public void loadMoments(
      Slice slice, long total, FloatMemory firstMoments, FloatMemory secondMoments) {
    long found = 0;
    for (FileDigest file : manifest.files()) {
      if (file.name().startsWith(OptimizerFile.FOLDER)) {
        found +=
            OptimizerFile.read(
                storage, folder.resolve(file.name()), slice, total, firstMoments, secondMoments);
      }
    }
    if (found != slice.elements()) {
      throw new DataException(
          CheckpointError.CHECKPOINT_INCOMPLETE,
          "%s holds moments of %d of the %d elements from %d on; use another checkpoint or start.optimizer = reset"
              .formatted(folder, found, slice.elements(), slice.first()));
    }
  }
}
