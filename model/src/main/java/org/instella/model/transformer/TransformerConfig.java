package org.instella.model.transformer;

import java.util.ArrayList;
import java.util.List;
import org.instella.conf.settings.Settings;

/**
 * Shape of an Instella decoder: pre-norm, QK-norm over the whole projected width, half-split rotary
 * embedding, SwiGLU, no biases.
 *
 * @param layers number of blocks
 * @param hiddenSize width of the residual stream
 * @param heads query heads; {@code heads * headSize} equals {@code hiddenSize}
 * @param keyValueHeads key and value heads, a divisor of {@code heads}
 * @param headSize width of one head, even (rotary embedding turns halves against each other)
 * @param feedForwardSize inner width of the SwiGLU block, that is of up and of gate each
 * @param vocabularySize rows of the embedding and of the head, padding rows included
 * @param normEpsilon added to the mean square before the root in every RMSNorm
 * @param ropeBase base of the rotary frequencies
 * @param maxPositions longest sequence the model is meant for
 * @param tiedEmbeddings true when the head is the embedding matrix and has no tensor of its own
 * @param bosId id of the beginning-of-stream token, -1 for none
 * @param eosId id of the end-of-stream token
 * @param padId id of the padding token, -1 for none
 */
public record TransformerConfig(
    int layers,
    int hiddenSize,
    int heads,
    int keyValueHeads,
    int headSize,
    int feedForwardSize,
    int vocabularySize,
    double normEpsilon,
    double ropeBase,
    int maxPositions,
    boolean tiedEmbeddings,
    int bosId,
    int eosId,
    int padId) {

  public static final String EMBEDDING = "model.embed_tokens.weight";
  public static final String FINAL_NORM = "model.norm.weight";
  public static final String HEAD = "lm_head.weight";

  /** Tensors of one block, norms included. */
  static final int TENSORS_PER_BLOCK = 11;

  /**
   * Reads the shape of a fresh model from its section of a recipe.
   *
   * @param model positioned at the section, for example {@code train.model}
   */
  public static TransformerConfig from(Settings model) {
    int layers = model.integer("layers", "number of blocks").atLeast(1).required();
    int hidden = model.integer("hidden-size", "width of the residual stream").atLeast(2).required();
    int heads = model.integer("heads", "query heads").atLeast(1).required();
    int keyValueHeads =
        model
            .integer("key-value-heads", "key and value heads; fewer than heads share them")
            .atLeast(1)
            .orElse(heads);
    if (hidden % heads != 0 || hidden / heads % 2 != 0) {
      model.problem("hidden-size", "must be an even multiple of heads = " + heads);
    }
    if (heads % keyValueHeads != 0) {
      model.problem("key-value-heads", "must divide heads = " + heads);
    }
    return new TransformerConfig(
        layers,
        hidden,
        heads,
        keyValueHeads,
        Math.max(1, hidden / heads),
        model
            .integer("feed-forward-size", "inner width of the SwiGLU block: of up and of gate each")
            .atLeast(1)
            .required(),
        model
            .integer("vocabulary-size", "rows of embedding and head, padding rows included")
            .atLeast(2)
            .required(),
        model
            .number("norm-epsilon", "added to the mean square in every RMSNorm")
            .greaterThan(0)
            .orElse(1e-5),
        model.number("rope-base", "base of the rotary frequencies").greaterThan(0).orElse(10000.0),
        model
            .integer("max-positions", "longest sequence that the model is meant for")
            .atLeast(1)
            .required(),
        model.flag("tied-embeddings", "whether the head is the embedding matrix").orElse(false),
        model.integer("bos-id", "beginning-of-stream token, -1 for none").atLeast(-1).orElse(0),
        model.integer("eos-id", "end-of-stream token").atLeast(0).orElse(0),
        model.integer("pad-id", "padding token, -1 for none").atLeast(-1).orElse(1));
  }

  /** Elements of all tensors; a tied head counts once. */
  public long parameterCount() {
    List<TensorSpec> tensors = tensors();
    return tensors.get(tensors.size() - 1).end();
  }

  /** Width of the projected keys, and of the projected values. */
  public int keyValueSize() {
    return keyValueHeads * headSize;
  }

  /**
   * Every tensor in canonical order, which is the order of the forward pass and of the flat buffer:
   * embedding, blocks, final norm, head. Tensors lie back to back. Inside a block q, k, v are
   * neighbours and so are up and gate, so that one fused matrix over them is a plain view of the
   * flat buffer.
   */
  public List<TensorSpec> tensors() {
    Layout layout = new Layout();
    layout.add(EMBEDDING, vocabularySize, hiddenSize);
    for (int layer = 0; layer < layers; layer++) {
      String block = "model.layers." + layer + ".";
      layout.add(block + "pre_attention_layernorm.weight", hiddenSize);
      layout.add(block + "self_attn.q_proj.weight", hiddenSize, hiddenSize);
      layout.add(block + "self_attn.k_proj.weight", keyValueSize(), hiddenSize);
      layout.add(block + "self_attn.v_proj.weight", keyValueSize(), hiddenSize);
      layout.add(block + "self_attn.q_norm.weight", hiddenSize);
      layout.add(block + "self_attn.k_norm.weight", keyValueSize());
      layout.add(block + "self_attn.o_proj.weight", hiddenSize, hiddenSize);
      layout.add(block + "pre_feedforward_layernorm.weight", hiddenSize);
      layout.add(block + "mlp.up_proj.weight", feedForwardSize, hiddenSize);
      layout.add(block + "mlp.gate_proj.weight", feedForwardSize, hiddenSize);
      layout.add(block + "mlp.down_proj.weight", hiddenSize, feedForwardSize);
    }
    layout.add(FINAL_NORM, hiddenSize);
    if (!tiedEmbeddings) {
      layout.add(HEAD, vocabularySize, hiddenSize);
    }
    return List.copyOf(layout.tensors);
  }

  private static final class Layout {
    private final List<TensorSpec> tensors = new ArrayList<>();
    private long end = 0;

    void add(String name, long... shape) {
      List<Long> sizes = new ArrayList<>();
      for (long size : shape) {
        sizes.add(size);
      }
      TensorSpec tensor = new TensorSpec(name, sizes, end);
      tensors.add(tensor);
      end = tensor.end();
    }
  }
}
