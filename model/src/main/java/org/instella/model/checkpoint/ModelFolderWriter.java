package org.instella.model.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.transformer.TensorSpec;
import org.instella.model.transformer.TransformerConfig;

/**
 * Writes a model folder: files into a staging folder, the manifest last, then one atomic rename.
 * Closing it without {@link #publish} removes the staging folder, so nothing half-written is left.
 *
 * <pre>{@code
 * try (ModelFolderWriter writer = ModelFolderWriter.staged(storage, published)) {
 *   writer.config(config, Dtype.F32);
 *   writer.weights(config, Dtype.F32, parameters);
 *   writer.tokenizer(tokenizerFolder, config);
 *   writer.publish(manifest -> manifest.input("recipe", digest));
 * }
 * }</pre>
 *
 * A larger artefact that contains a model, such as a training checkpoint, writes {@link #into} its
 * own staging folder and adds {@link #files} to its own manifest.
 */
public final class ModelFolderWriter implements AutoCloseable {
  /** {@code kind} of the manifest. */
  public static final String KIND = "model";

  /** Version of the layout that {@code docs/formats.md} describes. */
  public static final int FORMAT_VERSION = 1;

  private static final int BLOCK_ELEMENTS = 1 << 20;

  private final Storage storage;
  private final Location folder;
  private final Location published;
  private final List<FileDigest> files = new ArrayList<>();
  private final Map<String, Object> facts = new TreeMap<>();
  private long shardLimit = ShardLayout.DEFAULT_LIMIT;
  private boolean open;

  private ModelFolderWriter(Storage storage, Location folder, Location published) {
    this.storage = storage;
    this.folder = folder;
    this.published = published;
    this.open = !folder.equals(published);
  }

  /**
   * A writer of a folder that appears at {@code published} all at once.
   *
   * @throws DataException if something is there already
   */
  public static ModelFolderWriter staged(Storage storage, Location published) {
    storage.requireAbsent(published);
    return new ModelFolderWriter(storage, storage.staging(published), published);
  }

  /** A writer into a folder that somebody else publishes. */
  public static ModelFolderWriter into(Storage storage, Location folder) {
    return new ModelFolderWriter(storage, folder, folder);
  }

  /** Largest weights file, {@link ShardLayout#DEFAULT_LIMIT} unless told. */
  public ModelFolderWriter shardLimit(long bytes) {
    shardLimit = bytes;
    return this;
  }

  /** Where the files are now. */
  public Location folder() {
    return folder;
  }

  /** Writes {@code config.json} and {@code generation_config.json}. */
  public void config(TransformerConfig config, Dtype dtype) {
    text(ModelFolder.CONFIG, ModelConfigJson.render(config, dtype));
    text(ModelFolder.GENERATION_CONFIG, ModelConfigJson.renderGeneration(config));
  }

  /** Writes one small file. */
  public void text(String name, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    storage.writeBytes(folder.resolve(name), bytes);
    files.add(new FileDigest(name, bytes.length, Digests.sha256(bytes)));
  }

  /**
   * Writes all weights, as one file or as shards with an index.
   *
   * @param dtype type on disk; from float32 each number is rounded once
   */
  public void weights(TransformerConfig config, Dtype dtype, ParameterMemory source) {
    List<TensorInfo> tensors = new ArrayList<>();
    Map<String, TensorSpec> specs = new TreeMap<>();
    for (TensorSpec spec : config.tensors()) {
      tensors.add(TensorInfo.of(spec.name(), dtype, spec.shape()));
      specs.put(spec.name(), spec);
    }
    ShardLayout layout = ShardLayout.of(tensors, shardLimit);
    for (ShardLayout.Shard shard : layout.shards()) {
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(
              storage,
              folder.resolve(shard.file()),
              shard.tensors(),
              SafetensorsWriter.TORCH_METADATA)) {
        for (TensorInfo tensor : writer.tensors()) {
          write(specs.get(tensor.name()), dtype, source, writer);
        }
        files.add(writer.finish());
      }
    }
    if (layout.indexed()) {
      text(ShardLayout.INDEX, layout.index());
    }
    facts.put("parameters", config.parameterCount());
    facts.put("tensors", tensors.size());
    facts.put("dtype", dtype.torchName());
  }

  /**
   * Copies a tokenizer: either all tokenizer files of a folder, or one {@code tokenizer.json}, for
   * which Instella's {@code tokenizer_config.json} is written beside it.
   *
   * @throws DataException if it has more ids than the model has rows
   */
  public void tokenizer(Location folderOrFile, TransformerConfig config) {
    boolean isFolder = storage.stat(folderOrFile).folder();
    Location file = isFolder ? folderOrFile.resolve(TokenizerFiles.TOKENIZER) : folderOrFile;
    TokenizerFiles tokenizer = TokenizerFiles.read(storage, file);
    tokenizer.requireFits(config.vocabularySize(), file);
    copy(file, TokenizerFiles.TOKENIZER);
    boolean configured = false;
    if (isFolder) {
      for (String name : TokenizerFiles.NAMES) {
        if (!name.equals(TokenizerFiles.TOKENIZER) && storage.exists(folderOrFile.resolve(name))) {
          copy(folderOrFile.resolve(name), name);
          configured |= name.equals(TokenizerFiles.TOKENIZER_CONFIG);
        }
      }
    }
    if (!configured) {
      text(TokenizerFiles.TOKENIZER_CONFIG, tokenizer.tokenizerConfig(config));
    }
  }

  /** Copies one file as it is. */
  public void copy(Location source, String name) {
    try (InputStream in = storage.open(source);
        OutputStream out = storage.create(folder.resolve(name))) {
      in.transferTo(out);
    } catch (IOException e) {
      throw new EnvironmentException(
          ModelFileError.WRITE_FAILED,
          "Cannot copy %s to %s: %s".formatted(source, folder.resolve(name), e.getMessage()),
          e);
    }
    files.add(Digests.of(storage, folder.resolve(name), name));
  }

  /** Adds a file that the caller wrote into {@link #folder}. */
  public void add(FileDigest file) {
    files.add(file);
  }

  /** What has been written so far. */
  public List<FileDigest> files() {
    return List.copyOf(files);
  }

  /**
   * Writes the manifest and makes the folder visible.
   *
   * @param provenance adds inputs, configuration and facts
   * @throws DataException if the published folder exists already
   */
  public Manifest publish(UnaryOperator<Manifest.Builder> provenance) {
    Manifest.Builder builder = Manifest.builder(KIND, FORMAT_VERSION);
    facts.forEach(builder::fact);
    files.forEach(builder::file);
    Manifest manifest = provenance.apply(builder).build();
    manifest.writeTo(storage, folder);
    storage.publish(folder, published);
    open = false;
    return manifest;
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      storage.delete(folder);
    }
  }

  private static void write(
      TensorSpec tensor, Dtype dtype, ParameterMemory source, SafetensorsWriter writer) {
    boolean same = dtype == Dtype.F32 && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    float[] block = new float[same ? 0 : (int) Math.min(BLOCK_ELEMENTS, tensor.elements())];
    ByteBuffer stored = ByteBuffer.allocate(block.length * dtype.bytes());
    long elements = tensor.elements();
    for (long first = 0; first < elements; ) {
      ByteBuffer window =
          source.window(tensor, first, (int) Math.min(BLOCK_ELEMENTS, elements - first));
      int count = window.remaining() / Float.BYTES;
      if (same) {
        writer.write(tensor.name(), window.slice());
      } else {
        window.slice().order(ByteOrder.nativeOrder()).asFloatBuffer().get(block, 0, count);
        stored.clear();
        dtype.encode(block, 0, count, stored);
        writer.write(tensor.name(), stored.flip());
      }
      first += count;
    }
  }
}
