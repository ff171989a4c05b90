package org.instella.model.checkpoint;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which tensors go into which file, by the rule of transformers: tensors in the given order, a new
 * file when the next tensor would bring the current one above the limit. A tensor larger than the
 * limit has a file of its own.
 */
public final class ShardLayout {
  /** Limit of transformers: 5 GB. */
  public static final long DEFAULT_LIMIT = 5_000_000_000L;

  /** Name of the only weights file of a model that fits into one. */
  public static final String SINGLE = "model.safetensors";

  /** Name of the table of tensors and files of a larger model. */
  public static final String INDEX = "model.safetensors.index.json";

  private final List<Shard> shards;

  private ShardLayout(List<Shard> shards) {
    this.shards = List.copyOf(shards);
  }

  /** One file and its tensors. */
  public record Shard(String file, List<TensorInfo> tensors) implements Serializable {
    public Shard {
      tensors = List.copyOf(tensors);
    }

    /** Bytes of the tensors, without the header. */
    public long bytes() {
      return tensors.stream().mapToLong(TensorInfo::bytes).sum();
    }
  }

  public static ShardLayout of(List<TensorInfo> tensors, long limit) {
    List<List<TensorInfo>> groups = new ArrayList<>();
    List<TensorInfo> group = new ArrayList<>();
    long bytes = 0;
    for (TensorInfo tensor : tensors) {
      if (!group.isEmpty() && bytes + tensor.bytes() > limit) {
        groups.add(group);
        group = new ArrayList<>();
        bytes = 0;
      }
      group.add(tensor);
      bytes += tensor.bytes();
    }
    groups.add(group);
    List<Shard> shards = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      String file =
          groups.size() == 1
              ? SINGLE
              : "model-%05d-of-%05d.safetensors".formatted(i + 1, groups.size());
      shards.add(new Shard(file, groups.get(i)));
    }
    return new ShardLayout(shards);
  }

  public List<Shard> shards() {
    return shards;
  }

  /** True when the model needs {@link #INDEX}. */
  public boolean indexed() {
    return shards.size() > 1;
  }

  /** The text of {@link #INDEX}. */
  public String index() {
    SortedMap<String, String> weightMap = new TreeMap<>();
    long bytes = 0;
    long parameters = 0;
    for (Shard shard : shards) {
      for (TensorInfo tensor : shard.tensors()) {
        weightMap.put(tensor.name(), shard.file());
        bytes += tensor.bytes();
        parameters += tensor.elements();
      }
    }
    SortedMap<String, Object> metadata = new TreeMap<>();
    metadata.put("total_parameters", parameters);
    metadata.put("total_size", bytes);
    SortedMap<String, Object> root = new TreeMap<>();
    root.put("metadata", metadata);
    root.put("weight_map", weightMap);
    return JsonText.render(root);
  }
}
