package org.instella.model.generate;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.KvCache;

/**
 * Generates text for any number of prompts, several at a time: as soon as one ends, the next takes
 * its place.
 *
 * <p><b>Equal bits.</b> A prompt's text does not depend on the other prompts. Prompts run alone;
 * for new tokens the weights meet a fixed number of rows, spare ones filled, so every product has
 * the same shape whoever the neighbours are, and attention is computed per sequence.
 *
 * <p>The decoder stays the caller's. Not for use by two threads at a time.
 */
public final class Generator {
  /** Sequences that run together unless asked otherwise. */
  public static final int DEFAULT_SLOTS = 8;

  private final Decoder decoder;
  private final TextDecoder text;
  private final int slots;

  public Generator(Decoder decoder, TextDecoder text) {
    this(decoder, text, DEFAULT_SLOTS);
  }

  /**
   * A generator with another number of slots.
   *
   * @param slots sequences that run together, at least 1; part of the numbers of a run
   */
  public Generator(Decoder decoder, TextDecoder text, int slots) {
    if (slots < 1) {
      throw new IllegalArgumentException("slots must be at least 1, but is " + slots);
    }
    this.decoder = decoder;
    this.text = text;
    this.slots = slots;
  }

  /**
   * One prompt.
   *
   * @param tokens at least one id
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares prompts
  public record Prompt(int[] tokens, GenerationSettings settings) {}

  /** Continues one prompt. */
  public Generation generate(int[] prompt, GenerationSettings settings) {
    return generate(List.of(new Prompt(prompt, settings))).get(0);
  }

  /**
   * Continues each prompt.
   *
   * @return one generation per prompt, in order
   * @throws IllegalArgumentException if a prompt is empty, or as long as the model's positions
   */
  public List<Generation> generate(List<Prompt> prompts) {
    prompts.forEach(this::requireRoom);
    Generation[] results = new Generation[prompts.size()];
    Deque<Integer> waiting = new ArrayDeque<>();
    for (int i = 0; i < prompts.size(); i++) {
      waiting.add(i);
    }
    List<Running> running = new ArrayList<>();
    try {
      while (true) {
        while (running.size() < slots && !waiting.isEmpty()) {
          int index = waiting.remove();
          running.add(new Running(index, prompts.get(index)));
        }
        collect(running, results);
        if (running.isEmpty() && waiting.isEmpty()) {
          return List.of(results);
        }
        if (running.size() == slots || waiting.isEmpty()) {
          step(running);
        }
      }
    } finally {
      running.forEach(Running::close);
    }
  }

  /** Takes those that have ended out of their slots. */
  private static void collect(List<Running> running, Generation[] results) {
    for (Running sequence : List.copyOf(running)) {
      if (sequence.ended != null) {
        results[sequence.index] = sequence.generation();
        running.remove(sequence);
        sequence.close();
      }
    }
  }

  private void step(List<Running> running) {
    List<KvCache> caches = running.stream().map(sequence -> sequence.cache).toList();
    int[] tokens = running.stream().mapToInt(Running::lastToken).toArray();
    double[][] logits = decoder.decode(caches, tokens, slots);
    for (int i = 0; i < running.size(); i++) {
      running.get(i).take(logits[i]);
    }
  }

  private void requireRoom(Prompt prompt) {
    int positions = decoder.config().maxPositions();
    if (prompt.tokens().length == 0 || prompt.tokens().length >= positions) {
      throw new IllegalArgumentException(
          "a prompt must have 1 to %d tokens, but has %d"
              .formatted(positions - 1, prompt.tokens().length));
    }
  }

  /** One sequence on its way. */
  private final class Running implements AutoCloseable {
    private final int index;
    private final GenerationSettings settings;
    private final Sampler sampler;
    private final KvCache cache;
    private final int most;
    private final List<Integer> tokens = new ArrayList<>();
    private final int tail;
    private String cut;
    private Generation.FinishReason ended;

    Running(int index, Prompt prompt) {
      this.index = index;
      this.settings = prompt.settings();
      this.sampler = new Sampler(settings);
      int room = decoder.config().maxPositions() - prompt.tokens().length;
      this.most = Math.min(settings.maxNewTokens(), room);
      // A token has at least one byte, so a stop string ends within this many tokens; some spare
      // for special tokens that have none.
      this.tail =
          16
              + settings.stopStrings().stream()
                  .mapToInt(string -> string.getBytes(StandardCharsets.UTF_8).length)
                  .max()
                  .orElse(0);
      this.cache = decoder.newCache(prompt.tokens().length + most);
      try {
        take(decoder.prefill(cache, prompt.tokens()));
      } catch (RuntimeException e) {
        cache.close();
        throw e;
      }
    }

    int lastToken() {
      return tokens.get(tokens.size() - 1);
    }

    void take(double[] logits) {
      int token = sampler.next(logits, tokens.size());
      tokens.add(token);
      if (settings.stopIds().contains(token)) {
        ended = Generation.FinishReason.STOP_TOKEN;
        cut = decode(0, tokens.size() - 1);
      } else if (stopped()) {
        ended = Generation.FinishReason.STOP_STRING;
      } else if (tokens.size() == most) {
        ended =
            most == settings.maxNewTokens()
                ? Generation.FinishReason.LENGTH
                : Generation.FinishReason.CONTEXT_FULL;
        cut = decode(0, tokens.size());
      }
    }

    private boolean stopped() {
      if (settings.stopStrings().isEmpty()
          || firstStop(decode(Math.max(0, tokens.size() - tail), tokens.size())) < 0) {
        return false;
      }
      String all = decode(0, tokens.size());
      int at = firstStop(all);
      if (at >= 0) {
        cut = all.substring(0, at);
      }
      return at >= 0;
    }

    private int firstStop(String generated) {
      return settings.stopStrings().stream()
          .mapToInt(generated::indexOf)
          .filter(at -> at >= 0)
          .min()
          .orElse(-1);
    }

    private String decode(int from, int to) {
      int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
      return text.decode(Arrays.copyOfRange(ids, from, to));
    }

    Generation generation() {
      return new Generation(tokens, cut, ended);
    }

    @Override
    public void close() {
      cache.close();
    }
  }
}
