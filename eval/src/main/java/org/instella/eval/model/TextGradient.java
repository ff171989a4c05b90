package org.instella.eval.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.request.TextLoss;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.TensorInfo;
import org.instella.model.torch.Precision;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.TensorSpec;
import org.instella.tokenize.bpe.Tokenizer;

/**
 * The gradient of the summed loss of texts at a model's weights, on the processor. Texts are read
 * in the windows of {@link RollingScorer}. As in training, the embedding of the padding token has
 * no gradient.
 *
 * <p>Holds the weights, the gradient of one window and their sum; owns model and tokenizer. Not for
 * several threads.
 */
public final class TextGradient implements AutoCloseable {
  private static final int BLOCK = 1 << 20;

  private final Decoder decoder;
  private final Tokenizer tokenizer;
  private final int window;
  private final int prefixId;
  private final FlatGradients one;
  private final FlatGradients sum;

  TextGradient(Decoder decoder, Tokenizer tokenizer, int window, int prefixId) {
    this.decoder = decoder;
    this.tokenizer = tokenizer;
    this.window = window;
    this.prefixId = prefixId;
    this.one = FlatGradients.like(decoder.parameters());
    this.sum = FlatGradients.like(decoder.parameters());
  }

  /** Loads weights and tokenizer as {@link DecoderLanguageModel#open}, but always on the CPU. */
  public static TextGradient open(Storage storage, ModelSpec spec) {
    return DecoderLanguageModel.gradient(storage, spec);
  }

  /** Adds the gradient of one text; its loss is the same as that of a rolling loss. */
  public TextLoss add(String text) {
    int[] ids = tokenizer.encode(text);
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    return new TextLoss(add(ids), ids.length, bytes);
  }

  double add(int[] ids) {
    double nats = 0;
    for (int from = 0; from < ids.length; from += window) {
      int length = Math.min(ids.length - from, window);
      int[] targets = Arrays.copyOfRange(ids, from, from + length);
      int[] tokens = new int[length];
      tokens[0] = from == 0 ? prefixId : ids[from - 1];
      System.arraycopy(targets, 0, tokens, 1, length - 1);
      nats += decoder.accumulate(tokens, targets, 1, length, 1, one);
      addWindow();
    }
    return nats;
  }

  /**
   * Inner products of the gradient so far with each tensor of another model of the same shape, in
   * float64: how the loss changes as that tensor is mixed in.
   */
  public SortedMap<String, Double> products(Storage storage, Location model) {
    SortedMap<String, Double> products = new TreeMap<>();
    try (ModelFolder folder = ModelFolder.open(storage, model)) {
      for (TensorSpec tensor : sum.tensors()) {
        products.put(tensor.name(), product(tensor, folder));
      }
    }
    return products;
  }

  private double product(TensorSpec tensor, ModelFolder folder) {
    TensorInfo info = folder.info(tensor.name());
    int most = (int) Math.min(BLOCK, tensor.elements());
    ByteBuffer stored = ByteBuffer.allocate(most * info.dtype().bytes());
    double[] weights = new double[most];
    double product = 0;
    for (long at = 0; at < tensor.elements(); ) {
      ByteBuffer gradient = sum.window(tensor, at, most).order(ByteOrder.nativeOrder());
      int count = gradient.remaining() / precision().bytes();
      folder.read(
          tensor.name(),
          at * info.dtype().bytes(),
          stored.clear().limit(count * info.dtype().bytes()));
      info.dtype().decode(stored.flip(), weights, 0, count);
      product += product(gradient, weights, count);
      at += count;
    }
    return product;
  }

  private double product(ByteBuffer gradient, double[] weights, int count) {
    double product = 0;
    if (precision() == Precision.FLOAT64) {
      DoubleBuffer values = gradient.asDoubleBuffer();
      for (int i = 0; i < count; i++) {
        product += values.get(i) * weights[i];
      }
      return product;
    }
    FloatBuffer values = gradient.asFloatBuffer();
    for (int i = 0; i < count; i++) {
      product += values.get(i) * weights[i];
    }
    return product;
  }

  private void addWindow() {
    for (TensorSpec tensor : sum.tensors()) {
      for (long at = 0; at < tensor.elements(); ) {
        ByteBuffer from = one.window(tensor, at, BLOCK).order(ByteOrder.nativeOrder());
        ByteBuffer to = sum.window(tensor, at, BLOCK).order(ByteOrder.nativeOrder());
        at += from.remaining() / precision().bytes();
        if (precision() == Precision.FLOAT64) {
          add(from.asDoubleBuffer(), to.asDoubleBuffer());
        } else {
          add(from.asFloatBuffer(), to.asFloatBuffer());
        }
      }
    }
  }

  private static void add(FloatBuffer from, FloatBuffer to) {
    for (int i = 0; i < from.limit(); i++) {
      to.put(i, to.get(i) + from.get(i));
    }
  }

  private static void add(DoubleBuffer from, DoubleBuffer to) {
    for (int i = 0; i < from.limit(); i++) {
      to.put(i, to.get(i) + from.get(i));
    }
  }

  private Precision precision() {
    return sum.buffer().precision();
  }

  @Override
  public void close() {
    try (tokenizer;
        decoder;
        one) {
      sum.close();
    }
  }
}
