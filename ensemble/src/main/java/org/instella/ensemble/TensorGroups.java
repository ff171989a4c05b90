package org.instella.ensemble;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Layers of a network, read from the names of its tensors. */
public final class TensorGroups {
  private static final Pattern BLOCK = Pattern.compile("^(.*\\.layers\\.\\d+)\\..*$");

  private TensorGroups() {}

  /** {@code model.layers.3} for a tensor of block 3; the tensor's own name for all others. */
  public static String layerOf(String tensor) {
    Matcher block = BLOCK.matcher(tensor);
    return block.matches() ? block.group(1) : tensor;
  }

  /** Embedding, head, attention, feed-forward, norms: kinds that exist among the names. */
  public static List<List<TensorPattern>> byKind(Collection<String> tensors) {
    List<List<TensorPattern>> kinds = new ArrayList<>();
    for (List<String> kind :
        List.of(
            List.of("*norm.weight"), // first, because attention has norms of its own
            List.of("*embed_tokens.weight"),
            List.of("lm_head.weight"),
            List.of("*.self_attn.*"),
            List.of("*.mlp.*"))) {
      List<TensorPattern> patterns = kind.stream().map(TensorPattern::new).toList();
      if (tensors.stream().anyMatch(name -> patterns.stream().anyMatch(p -> p.matches(name)))) {
        kinds.add(patterns);
      }
    }
    return kinds;
  }

  /** One pattern per layer, in the order of the network's names. */
  public static List<TensorPattern> byLayer(Collection<String> tensors) {
    TreeSet<String> layers = new TreeSet<>(NaturalOrder.INSTANCE);
    tensors.forEach(tensor -> layers.add(layerOf(tensor)));
    List<TensorPattern> patterns = new ArrayList<>();
    for (String layer : layers) {
      patterns.add(new TensorPattern(tensors.contains(layer) ? layer : layer + ".*"));
    }
    return patterns;
  }
}
