package org.instella.model.transformer;

import java.util.Arrays;
import org.instella.model.torch.Tensor;
import org.instella.model.torch.TensorScope;

/**
 * Keys and values of one sequence, so that each token runs through the model once.
 *
 * <p>Made by {@link Decoder#newCache}, belongs to that decoder's weights, and owns native memory
 * until closed: layers * 2 * key/value heads * capacity * head size elements.
 */
public final class KvCache implements AutoCloseable {
  /** Capacities are rounded up to it, so that rows of a cache are aligned alike in every cache. */
  private static final int GRAIN = 64;

  private final Decoder decoder;
  private final int capacity;
  private final TensorScope scope;
  private final Tensor tensor;
  private int length;

  KvCache(Decoder decoder, int capacity) {
    this.decoder = decoder;
    this.capacity = capacity;
    this.scope = decoder.scratch();
    TransformerConfig config = decoder.config();
    int rounded = (capacity + GRAIN - 1) / GRAIN * GRAIN;
    this.tensor =
        decoder.newCacheMemory(
            scope, config.layers(), 2, config.keyValueHeads(), rounded, config.headSize());
  }

  /** Tokens held. */
  public int length() {
    return length;
  }

  /** Tokens that fit. */
  public int capacity() {
    return capacity;
  }

  /** Forgets all but the first {@code tokens} tokens; costs nothing. */
  public void rewind(int tokens) {
    if (tokens < 0 || tokens > capacity) {
      throw new IllegalArgumentException(
          "cannot rewind a cache of %d tokens to %d".formatted(capacity, tokens));
    }
    length = tokens;
  }

  Tensor tensor() {
    return tensor;
  }

  void requireRoom(int tokens) {
    if (length + tokens > capacity) {
      throw new IllegalArgumentException(
          "%d tokens do not fit: the cache holds %d of %d".formatted(tokens, length, capacity));
    }
  }

  /** Runs tokens after those held; returns their final hidden states [tokens, hidden]. */
  Tensor extend(int[] tokens, TensorScope results) {
    decoder.requireTokens(tokens, 0);
    requireRoom(tokens.length);
    Tensor ids = results.ofInts(tokens, tokens.length);
    Tensor hidden =
        decoder
            .program()
            .call(
                "extend",
                results,
                decoder.weights(),
                ids,
                tensor,
                length,
                decoder.cos(),
                decoder.sin())
            .get(0);
    length += tokens.length;
    return hidden;
  }

  /**
   * Runs tokens in pieces cut at multiples of the prefill chunk; returns the final hidden state of
   * the last one [1, hidden].
   */
  Tensor extendInChunks(int[] tokens, TensorScope results) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("there is no token to run");
    }
    int chunk = decoder.settings().prefillChunk();
    int at = 0;
    while (true) {
      int end = Math.min(tokens.length, at + chunk - length % chunk);
      try (TensorScope piece = results.child()) {
        Tensor hidden = extend(Arrays.copyOfRange(tokens, at, end), piece);
        if (end == tokens.length) {
          return decoder.program().call("last_row", results, hidden).get(0);
        }
      }
      at = end;
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
