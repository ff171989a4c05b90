package org.instella.model.transformer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.model.torch.Precision;
import org.instella.model.torch.Tensor;
import org.instella.model.torch.TensorScope;
import org.instella.model.torch.TorchDevice;
import org.instella.model.torch.TorchProgram;

/**
 * An Instella decoder that trains, scores and generates: the program {@code decoder.py} and its
 * weights.
 *
 * <p><b>Memory.</b> Owns its {@link FlatParameters}, a compute copy where the settings ask for one,
 * and the cache of the last scored prefix; all are freed by {@link #close}. What a call needs lives
 * in a scope of that call.
 *
 * <p><b>Equal bits.</b> A result depends on the arguments of its call, the settings, the weights
 * and the device with its number of threads; never on earlier calls.
 *
 * <p>Not for use by two threads at a time.
 */
public final class Decoder implements AutoCloseable {
  private static final int BFLOAT16 = 15;
  private static final List<String> TEXTS =
      List.of("decoder.py", "decoder_attention.py", "decoder_without_gradients.py");

  private final FlatParameters parameters;
  private final DecoderSettings settings;
  private final TorchProgram program;
  private final TensorScope owned;
  private final Tensor weights;
  private final Tensor cos;
  private final Tensor sin;
  private final Scorer scorer;

  /** What the spare rows of {@link #decode} write to. */
  private final KvCache spare;

  /** Full precision with default settings; takes over the ownership of {@code parameters}. */
  public Decoder(FlatParameters parameters) {
    this(parameters, DecoderSettings.DEFAULT);
  }

  /**
   * Takes over the ownership of {@code parameters}.
   *
   * @throws org.instella.conf.error.EnvironmentException if the device is missing
   */
  public Decoder(FlatParameters parameters, DecoderSettings settings) {
    this.parameters = parameters;
    this.settings = settings;
    TorchDevice device = parameters.buffer().device();
    this.program = TorchProgram.load(TEXTS, attributes(), device);
    this.owned = TensorScope.open(device);
    Tensor master = parameters.buffer().tensor();
    this.weights =
        switch (settings.compute()) {
          case MASTER -> master;
          case BFLOAT16 -> program.callWithAutograd("compute_copy", owned, master, BFLOAT16).get(0);
        };
    List<Tensor> tables =
        program.callWithAutograd("rotary_tables", owned, master, config().maxPositions());
    this.cos = tables.get(0);
    this.sin = tables.get(1);
    this.scorer = new Scorer(this);
    this.spare = new KvCache(this, 1);
  }

  /**
   * A fresh model on the CPU in float32, "mitchell" initialised: element i of a tensor is a pure
   * function of the seed, the tensor's name and i.
   */
  public static Decoder initialise(TransformerConfig config, long seed, TorchDevice device) {
    return initialise(config, seed, device, DecoderSettings.DEFAULT);
  }

  /** {@link #initialise(TransformerConfig, long, TorchDevice)} with other settings. */
  public static Decoder initialise(
      TransformerConfig config, long seed, TorchDevice device, DecoderSettings settings) {
    FlatParameters parameters = FlatParameters.allocate(config, device);
    MitchellInitialiser.fill(parameters, seed);
    return new Decoder(parameters, settings);
  }

  private Map<String, Object> attributes() {
    TransformerConfig config = config();
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("layers", config.layers());
    attributes.put("hidden", config.hiddenSize());
    attributes.put("heads", config.heads());
    attributes.put("kv_heads", config.keyValueHeads());
    attributes.put("head_size", config.headSize());
    attributes.put("feed_forward", config.feedForwardSize());
    attributes.put("vocabulary", config.vocabularySize());
    attributes.put("tied", config.tiedEmbeddings());
    attributes.put("padding", config.padId());
    attributes.put("eps", config.normEpsilon());
    attributes.put("rope_base", config.ropeBase());
    attributes.put("precise", parameters.buffer().precision().scalarType());
    attributes.put("head_chunk", settings.headChunk());
    TorchDevice device = parameters.buffer().device();
    boolean cpu = device.kind() == TorchDevice.Kind.CPU;
    attributes.put(
        "widen",
        settings.compute() == DecoderSettings.Compute.BFLOAT16
            && cpu
            && !Processor.here().multipliesBfloat16());
    attributes.put(
        "one_dnn",
        parameters.buffer().precision() == Precision.FLOAT32
            && Processor.multipliesInOneDnn(device));
    attributes.put("query_block", QueryBlocks.QUERIES);
    attributes.put("longest_in_blocks", QueryBlocks.longestSequence(config, device));
    return attributes;
  }

  public TransformerConfig config() {
    return parameters.config();
  }

  public DecoderSettings settings() {
    return settings;
  }

  public FlatParameters parameters() {
    return parameters;
  }

  TorchProgram program() {
    return program;
  }

  /** The weights to compute with. */
  Tensor weights() {
    return weights;
  }

  Tensor cos() {
    return cos;
  }

  Tensor sin() {
    return sin;
  }

  /** Zeros in the type that the decoder computes in. */
  Tensor newCacheMemory(TensorScope scope, long... shape) {
    return program.call("zeros", scope, weights, shape).get(0);
  }

  TensorScope scratch() {
    return TensorScope.open(program.device());
  }

  /** To be called after writing to the parameters: refreshes what was derived from them. */
  public void parametersChanged() {
    if (settings.compute() != DecoderSettings.Compute.MASTER) {
      try (TensorScope scratch = scratch()) {
        program.callWithAutograd("refresh", scratch, weights, parameters.buffer().tensor());
      }
    }
    scorer.forget();
  }

  /** {@link #accumulate(MicroBatch, double, FlatGradients, GradientsReady)} of plain rows. */
  public double accumulate(
      int[] tokens, int[] targets, int batch, int sequence, double scale, FlatGradients out) {
    return accumulate(
        new MicroBatch(tokens, targets, batch, sequence), scale, out, GradientsReady.IGNORED);
  }

  /**
   * Forward and backward pass of one micro-batch.
   *
   * @param scale factor of the gradients, for example one over the tokens of the whole batch
   * @param out every tensor of it is overwritten with the gradient of {@code scale * loss}
   * @param ready told as ranges of {@code out} become final
   * @return the loss: the sum, not the mean, of the cross entropies (natural logarithm) of the
   *     targets that are not negative
   */
  public double accumulate(
      MicroBatch batch, double scale, FlatGradients out, GradientsReady ready) {
    requireTokens(batch.tokens(), 0);
    requireTokens(batch.targets(), Integer.MIN_VALUE);
    requirePositions(batch.sequence());
    return new BackwardPass(this, out).run(batch, scale, ready);
  }

  /** The loss of {@link #accumulate} without gradients. */
  public double lossSum(MicroBatch batch) {
    double sum = 0;
    for (double logProbability : targetLogProbabilities(batch)) {
      sum -= logProbability;
    }
    return sum;
  }

  /** {@link #lossSum(MicroBatch)} of plain rows. */
  public double lossSum(int[] tokens, int[] targets, int batch, int sequence) {
    return lossSum(new MicroBatch(tokens, targets, batch, sequence));
  }

  /** Log-probability (natural) of each target; 0 where the target is negative. */
  public double[] targetLogProbabilities(MicroBatch batch) {
    requireTokens(batch.targets(), Integer.MIN_VALUE);
    try (TensorScope scratch = scratch()) {
      Tensor hidden = hiddenStates(batch, scratch);
      Tensor targets = scratch.ofInts(batch.targets(), batch.targets().length);
      return program
          .call("log_probabilities", scratch, weights, hidden, targets)
          .get(0)
          .toDoubles();
    }
  }

  /**
   * Logits of every position, for tests and small inputs: [batch * sequence * vocabulary], as
   * doubles whatever the precision.
   */
  public double[] logits(MicroBatch batch) {
    try (TensorScope scratch = scratch()) {
      Tensor hidden = hiddenStates(batch, scratch);
      return toDoubles(program.call("logits", scratch, weights, hidden).get(0));
    }
  }

  private Tensor hiddenStates(MicroBatch batch, TensorScope scratch) {
    requireTokens(batch.tokens(), 0);
    requirePositions(batch.sequence());
    Tensor tokens = scratch.ofInts(batch.tokens(), batch.batch(), batch.sequence());
    Tensor mask = mask(batch, scratch);
    return program.call("hidden_states", scratch, weights, tokens, cos, sin, mask).get(0);
  }

  /** Empty for plain causal attention, else what each token may see. */
  Tensor mask(MicroBatch batch, TensorScope scratch) {
    if (batch.documents().isEmpty()) {
      return scratch.ofInts(new int[0], 0);
    }
    Tensor documents = scratch.ofInts(batch.documents().get(), batch.batch(), batch.sequence());
    return program.callWithAutograd("document_mask", scratch, documents).get(0);
  }

  double[] toDoubles(Tensor precise) {
    if (parameters.buffer().precision() == Precision.FLOAT64) {
      return precise.toDoubles();
    }
    float[] floats = precise.toFloats();
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  /**
   * Scores continuations of one context.
   *
   * <p>Each score is a function of the context and that continuation alone, to the bit: no two
   * sequences ever share a product. The context runs in pieces of {@code prefillChunk} tokens cut
   * at absolute positions, then each continuation by itself on the cached keys and values. The
   * pieces that a context shares with the one scored before are not run again; their bits would be
   * the same.
   *
   * @param context at least one token
   * @param continuations each at least one token
   * @return one score per continuation
   * @throws IllegalArgumentException if context and continuation are longer than the model allows
   */
  public List<Score> score(int[] context, List<int[]> continuations) {
    return scorer.score(context, continuations);
  }

  /**
   * Log-probability of tokens[i] given all before it, for i from {@code from} (at least 1) to the
   * end; a function of {@code tokens} alone, to the bit.
   */
  public double[] rollingLogProbabilities(int[] tokens, int from) {
    return scorer.rolling(tokens, from);
  }

  /** An empty cache for one sequence of up to {@code capacity} tokens; the caller closes it. */
  public KvCache newCache(int capacity) {
    requirePositions(capacity);
    return new KvCache(this, capacity);
  }

  /**
   * Logits of the token after {@code tokens}, which follow what the cache holds and enter it.
   *
   * @param tokens at least one
   * @return [vocabulary]
   */
  public double[] prefill(KvCache cache, int[] tokens) {
    try (TensorScope scratch = scratch()) {
      Tensor hidden = cache.extendInChunks(tokens, scratch);
      return toDoubles(program.call("logits", scratch, weights, hidden).get(0));
    }
  }

  /**
   * One more token for each of several sequences.
   *
   * <p>The weights are read once for all. A product of matrices may round differently with another
   * number of rows, so it always has {@code rows} of them, spare ones filled: what a sequence gets
   * depends on {@code rows} but not on the other sequences or its place among them.
   *
   * @param caches one per sequence, all different; each gains one position
   * @param tokens one per sequence
   * @param rows at least the number of sequences
   * @return logits of the next token [sequence][vocabulary]
   */
  public double[][] decode(List<KvCache> caches, int[] tokens, int rows) {
    requireTokens(tokens, 0);
    caches.forEach(cache -> cache.requireRoom(1));
    int[] ids = Arrays.copyOf(tokens, rows);
    long[] past = new long[rows];
    List<Tensor> memory = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      boolean spareRow = row >= tokens.length;
      past[row] = spareRow ? 0 : caches.get(row).length();
      memory.add(spareRow ? spare.tensor() : caches.get(row).tensor());
    }
    try (TensorScope scratch = scratch()) {
      Tensor batch = scratch.ofInts(ids, rows);
      Tensor hidden = program.call("step", scratch, weights, batch, memory, past, cos, sin).get(0);
      caches.forEach(cache -> cache.rewind(cache.length() + 1));
      double[] flat = toDoubles(program.call("logits", scratch, weights, hidden).get(0));
      int vocabulary = config().vocabularySize();
      double[][] logits = new double[tokens.length][];
      for (int row = 0; row < tokens.length; row++) {
        logits[row] = Arrays.copyOfRange(flat, row * vocabulary, (row + 1) * vocabulary);
      }
      return logits;
    }
  }

  void requirePositions(int count) {
    if (count > config().maxPositions()) {
      throw new IllegalArgumentException(
          "%d tokens are more than the %d positions of the model"
              .formatted(count, config().maxPositions()));
    }
  }

  void requireTokens(int[] ids, int least) {
    for (int id : ids) {
      if (id < least || id >= config().vocabularySize()) {
        throw new IllegalArgumentException(
            "token id %d is outside the model's vocabulary of %d"
                .formatted(id, config().vocabularySize()));
      }
    }
  }

  @Override
  public void close() {
    scorer.close();
    spare.close();
    owned.close();
    program.close();
    parameters.close();
  }
}
