package org.instella.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.transformer.TensorSpec;
import org.instella.model.transformer.TransformerConfig;

/**
 * A model as transformers opens it: {@code config.json}, {@code model.safetensors} or shards with
 * an index, tokenizer files. Opening reads and checks everything but the weights themselves.
 *
 * <p>Reading weights is safe for many threads. Write one with {@link ModelFolderWriter}.
 */
public final class ModelFolder implements AutoCloseable {
  public static final String CONFIG = "config.json";
  public static final String GENERATION_CONFIG = "generation_config.json";

  private static final int BLOCK_ELEMENTS = 1 << 20;

  private final Storage storage;
  private final Location folder;
  private final String configJson;
  private final SortedMap<String, SafetensorsReader> readerOf;
  private final List<SafetensorsReader> files;

  private ModelFolder(
      Storage storage,
      Location folder,
      String configJson,
      SortedMap<String, SafetensorsReader> readerOf,
      List<SafetensorsReader> files) {
    this.storage = storage;
    this.folder = folder;
    this.configJson = configJson;
    this.readerOf = readerOf;
    this.files = files;
  }

  /**
   * Opens a folder.
   *
   * @throws DataException if it is no model folder, a file of it is damaged, its index does not
   *     agree with its shards, or its tokenizer has more ids than its vocabulary
   */
  public static ModelFolder open(Storage storage, Location folder) {
    if (!storage.exists(folder.resolve(CONFIG))) {
      throw new DataException(
          ModelFileError.NOT_A_MODEL_FOLDER,
          "%s is not a model folder: it has no %s".formatted(folder, CONFIG));
    }
    String configJson = storage.readText(folder.resolve(CONFIG));
    JsonNode config = JsonText.parseObject(configJson, folder.resolve(CONFIG).uri());
    requireTokenizerFits(storage, folder, config);
    List<SafetensorsReader> files = new ArrayList<>();
    try {
      SortedMap<String, SafetensorsReader> readerOf = openWeights(storage, folder, files);
      return new ModelFolder(
          storage, folder, configJson, Collections.unmodifiableSortedMap(readerOf), files);
    } catch (RuntimeException e) {
      for (SafetensorsReader file : files) {
        try (file) {
          continue; // close only: e is what the caller needs to know
        } catch (RuntimeException closing) {
          e.addSuppressed(closing);
        }
      }
      throw e;
    }
  }

  public Location location() {
    return folder;
  }

  /** The text of {@code config.json}. */
  public String configJson() {
    return configJson;
  }

  /**
   * The shape of the network.
   *
   * @throws DataException if {@code config.json} does not describe an Instella model
   */
  public TransformerConfig transformerConfig() {
    return ModelConfigJson.parse(configJson, folder.resolve(CONFIG).uri());
  }

  /** A text file of the folder, empty where there is none: the generation config, a template. */
  public Optional<String> text(String fileName) {
    Location file = folder.resolve(fileName);
    return storage.exists(file) ? Optional.of(storage.readText(file)) : Optional.empty();
  }

  /** The manifest, empty for folders that other tools wrote. */
  public Optional<Manifest> manifest() {
    return Manifest.find(storage, folder);
  }

  /** The files that hold the weights. */
  public List<Location> weightFiles() {
    return files.stream().map(SafetensorsReader::location).toList();
  }

  /** Names of all tensors of all files, sorted. */
  public Set<String> names() {
    return readerOf.keySet();
  }

  /**
   * Type and shape of one tensor.
   *
   * @throws DataException if no file has it
   */
  public TensorInfo info(String tensor) {
    return reader(tensor).info(tensor);
  }

  /** Fills {@code target} with bytes of a tensor as they are stored, from byte {@code begin} on. */
  public void read(String tensor, long begin, ByteBuffer target) {
    reader(tensor).read(tensor, begin, target);
  }

  /**
   * As {@link #read}, for bytes that nobody needs again soon: {@link SafetensorsReader#readOnce}.
   */
  public ByteBuffer readOnce(String tensor, long begin, int length, ByteBuffer room) {
    return reader(tensor).readOnce(tensor, begin, length, room);
  }

  /** Whether {@link #readOnce} would have to ask the disk for the first bytes of a tensor. */
  public boolean isCold(String tensor) {
    return reader(tensor).isCold(tensor);
  }

  /**
   * Copies all weights into memory as float32: exact from float32 and the 16-bit types, rounded to
   * nearest from float64.
   *
   * @throws DataException listing every tensor that is missing, is too many, or has another shape
   *     or a type that weights cannot have; nothing is copied then
   */
  public void load(ParameterMemory target) {
    TransformerConfig config = transformerConfig();
    requireTensors(config);
    for (TensorSpec tensor : config.tensors()) {
      load(tensor, target);
    }
  }

  private void load(TensorSpec tensor, ParameterMemory target) {
    Dtype dtype = info(tensor.name()).dtype();
    ByteBuffer stored = null;
    float[] block = null;
    long elements = tensor.elements();
    for (long first = 0; first < elements; ) {
      ByteBuffer window =
          target.window(tensor, first, (int) Math.min(BLOCK_ELEMENTS, elements - first));
      int count = window.remaining() / Float.BYTES;
      if (dtype == Dtype.F32 && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
        read(tensor.name(), first * Float.BYTES, window.slice());
      } else {
        if (stored == null) {
          stored = ByteBuffer.allocateDirect(BLOCK_ELEMENTS * dtype.bytes());
          block = new float[BLOCK_ELEMENTS];
        }
        stored.clear().limit(count * dtype.bytes());
        read(tensor.name(), first * dtype.bytes(), stored);
        stored.flip();
        dtype.decode(stored, block, 0, count);
        window.slice().order(ByteOrder.nativeOrder()).asFloatBuffer().put(block, 0, count);
      }
      first += count;
    }
  }

  /**
   * Checks names, shapes and types against a network.
   *
   * @throws DataException with every difference in one message
   */
  public void requireTensors(TransformerConfig config) {
    List<String> problems = new ArrayList<>();
    Set<String> extra = new TreeSet<>(readerOf.keySet());
    if (config.tiedEmbeddings()) {
      extra.remove(TransformerConfig.HEAD); // some writers store the shared matrix twice
    }
    for (TensorSpec expected : config.tensors()) {
      extra.remove(expected.name());
      if (!readerOf.containsKey(expected.name())) {
        problems.add("%s is missing".formatted(expected.name()));
        continue;
      }
      TensorInfo actual = info(expected.name());
      if (!actual.shape().equals(expected.shape())) {
        problems.add(
            "%s has shape %s instead of %s"
                .formatted(expected.name(), actual.shape(), expected.shape()));
      }
      if (!actual.dtype().holdsWeights()) {
        problems.add(
            "%s has type %s instead of F32, BF16, F16 or F64"
                .formatted(expected.name(), actual.dtype()));
      }
    }
    extra.forEach(name -> problems.add("%s is not a tensor of this model".formatted(name)));
    if (!problems.isEmpty()) {
      throw new DataException(
          ModelFileError.TENSORS_DIFFER,
          "The weights of %s do not fit its %s: %s"
              .formatted(folder, CONFIG, String.join("; ", problems)));
    }
  }

  @Override
  public void close() {
    files.forEach(SafetensorsReader::close);
  }

  private SafetensorsReader reader(String tensor) {
    SafetensorsReader reader = readerOf.get(tensor);
    if (reader == null) {
      throw new DataException(
          ModelFileError.TENSOR_MISSING, "%s has no tensor \"%s\"".formatted(folder, tensor));
    }
    return reader;
  }

  private static SortedMap<String, SafetensorsReader> openWeights(
      Storage storage, Location folder, List<SafetensorsReader> files) {
    SortedMap<String, SafetensorsReader> readerOf = new TreeMap<>();
    Location index = folder.resolve(ShardLayout.INDEX);
    if (storage.exists(index)) {
      return openShards(storage, folder, index, files);
    }
    if (!storage.exists(folder.resolve(ShardLayout.SINGLE))) {
      throw new DataException(
          ModelFileError.NOT_A_MODEL_FOLDER,
          "%s is not a model folder: it has neither %s nor %s"
              .formatted(folder, ShardLayout.SINGLE, ShardLayout.INDEX));
    }
    SafetensorsReader only = SafetensorsReader.open(storage, folder.resolve(ShardLayout.SINGLE));
    files.add(only);
    only.names().forEach(name -> readerOf.put(name, only));
    return readerOf;
  }

  private static SortedMap<String, SafetensorsReader> openShards(
      Storage storage, Location folder, Location index, List<SafetensorsReader> files) {
    JsonNode weightMap =
        JsonText.parseObject(storage.readText(index), index.uri()).path("weight_map");
    if (!weightMap.isObject() || weightMap.isEmpty()) {
      throw new DataException(
          ModelFileError.INDEX_MALFORMED, "%s has no weight_map".formatted(index));
    }
    Map<String, SafetensorsReader> shards = new LinkedHashMap<>();
    SortedMap<String, SafetensorsReader> readerOf = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    weightMap
        .properties()
        .forEach(
            entry -> {
              String shard = entry.getValue().asText();
              SafetensorsReader reader = shards.get(shard);
              if (reader == null) {
                reader = SafetensorsReader.open(storage, folder.resolve(shard));
                shards.put(shard, reader);
                files.add(reader);
              }
              if (!reader.names().contains(entry.getKey())) {
                problems.add("%s is not in %s".formatted(entry.getKey(), shard));
              }
              readerOf.put(entry.getKey(), reader);
            });
    Set<String> seen = new HashSet<>();
    shards.forEach(
        (shard, reader) -> {
          for (String name : reader.names()) {
            if (!seen.add(name)) {
              problems.add("%s is in two files, one of them %s".formatted(name, shard));
            } else if (!readerOf.containsKey(name)) {
              problems.add("%s is in %s but not in the index".formatted(name, shard));
            }
          }
        });
    if (!problems.isEmpty()) {
      throw new DataException(
          ModelFileError.INDEX_MALFORMED,
          "%s does not agree with its files: %s".formatted(index, String.join("; ", problems)));
    }
    return readerOf;
  }

  private static void requireTokenizerFits(Storage storage, Location folder, JsonNode config) {
    Location tokenizer = folder.resolve(TokenizerFiles.TOKENIZER);
    if (config.path("vocab_size").isInt() && storage.exists(tokenizer)) {
      TokenizerFiles.read(storage, tokenizer)
          .requireFits(config.path("vocab_size").asInt(), tokenizer);
    }
  }
}
