package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.SafetensorsWriter;
import org.instella.model.checkpoint.ShardLayout;
import org.instella.model.checkpoint.TensorInfo;

/** Model folders of a few small tensors, as any tool might have left them: without a manifest. */
final class TinyModels {
  static final Storage STORAGE = Storage.standard();
  static final Map<String, List<Long>> SHAPES = new LinkedHashMap<>();

  static {
    SHAPES.put("model.embed_tokens.weight", List.of(64L, 48L));
    for (int layer = 0; layer < 12; layer += 5) {
      SHAPES.put("model.layers.%d.mlp.up_proj.weight".formatted(layer), List.of(96L, 48L));
      SHAPES.put("model.layers.%d.self_attn.q_norm.weight".formatted(layer), List.of(48L));
    }
    SHAPES.put("model.norm.weight", List.of(48L));
  }

  private TinyModels() {}

  static Map<String, double[]> random(long seed) {
    Map<String, double[]> tensors = new LinkedHashMap<>();
    SHAPES.forEach(
        (name, shape) -> {
          Random random = new Random(seed * 31 + name.hashCode());
          tensors.put(name, random.doubles(elements(shape), -1, 1).toArray());
        });
    return tensors;
  }

  static void write(Location folder, Map<String, double[]> tensors, Dtype dtype) {
    write(folder, tensors, dtype, ShardLayout.DEFAULT_LIMIT);
  }

  static void write(Location folder, Map<String, double[]> tensors, Dtype dtype, long shardLimit) {
    STORAGE.writeText(
        folder.resolve(ModelFolder.CONFIG),
        "{\"model_type\": \"instella\", \"hidden_size\": 48, \"dtype\": \"%s\"}\n"
            .formatted(dtype.torchName()));
    STORAGE.writeText(folder.resolve(ModelFolder.GENERATION_CONFIG), "{\"eos_token_id\": 0}\n");
    List<TensorInfo> infos = new ArrayList<>();
    tensors.forEach((name, v) -> infos.add(TensorInfo.of(name, dtype, shape(name, v))));
    ShardLayout layout = ShardLayout.of(infos, shardLimit);
    for (ShardLayout.Shard shard : layout.shards()) {
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(
              STORAGE,
              folder.resolve(shard.file()),
              shard.tensors(),
              SafetensorsWriter.TORCH_METADATA)) {
        for (TensorInfo tensor : writer.tensors()) {
          double[] values = tensors.get(tensor.name());
          ByteBuffer bytes = ByteBuffer.allocate(values.length * dtype.bytes());
          dtype.encode(values, 0, values.length, bytes);
          writer.write(tensor.name(), bytes.flip());
        }
        writer.finish();
      }
    }
    if (layout.indexed()) {
      STORAGE.writeText(folder.resolve(ShardLayout.INDEX), layout.index());
    }
  }

  /** Every tensor as float64. */
  static Map<String, double[]> read(Location location) {
    Map<String, double[]> tensors = new LinkedHashMap<>();
    try (ModelFolder folder = ModelFolder.open(STORAGE, location)) {
      for (String name : folder.names()) {
        TensorInfo info = folder.info(name);
        ByteBuffer bytes = ByteBuffer.allocate((int) info.bytes());
        folder.read(name, 0, bytes);
        double[] values = new double[(int) info.elements()];
        info.dtype().decode(bytes.flip(), values, 0, values.length);
        tensors.put(name, values);
      }
    }
    return tensors;
  }

  static Map<String, double[]> map(Map<String, double[]> tensors, ToDoubleFunction<Double> f) {
    Map<String, double[]> mapped = new LinkedHashMap<>();
    tensors.forEach(
        (name, values) -> {
          double[] copy = values.clone();
          for (int i = 0; i < copy.length; i++) {
            copy[i] = f.applyAsDouble(copy[i]);
          }
          mapped.put(name, copy);
        });
    return mapped;
  }

  private static List<Long> shape(String name, double[] values) {
    List<Long> shape = SHAPES.getOrDefault(name, List.of((long) values.length));
    return elements(shape) == values.length ? shape : List.of((long) values.length);
  }

  private static long elements(List<Long> shape) {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }
}
