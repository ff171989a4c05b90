package org.instella.eval.model;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.instella.eval.request.GenerateUntil;
import org.instella.eval.request.Generated;
import org.instella.eval.request.LanguageModel;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.Loglikelihood;
import org.instella.eval.request.PairRule;
import org.instella.eval.request.PairTokenizer;
import org.instella.eval.request.RollingLoss;
import org.instella.eval.request.SpecialTokens;
import org.instella.eval.request.TextLoss;
import org.instella.eval.request.TokenPair;
import org.instella.tokenize.bpe.Tokenizer;

/**
 * A network, a tokenizer and a rule for pairs make a language model.
 *
 * <p>Requests run longest first, so that a lack of memory shows at once. Units with a short context
 * (the unconditional requests, whose context is {@code Answer:}) are answered once and remembered;
 * that changes no bit, since an answer is a function of its request alone.
 */
public final class TokenLanguageModel implements LanguageModel {
  private static final int SHORT_CONTEXT = 64;
  private static final int REMEMBERED = 100_000;

  private final String name;
  private final ScoringNetwork network;
  private final TextGenerator generator;
  private final Tokenizer tokenizer;
  private final PairTokenizer pairs;
  private final UnitScorer units;
  private final RollingScorer rolling;
  private final Map<List<Loglikelihood>, List<Likelihood>> answered =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(
            Map.Entry<List<Loglikelihood>, List<Likelihood>> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** Takes over the ownership of network, generator and tokenizer. */
  public TokenLanguageModel(
      String name,
      ScoringNetwork network,
      TextGenerator generator,
      Tokenizer tokenizer,
      SpecialTokens special,
      PairRule rule) {
    this.name = name;
    this.network = network;
    this.generator = generator;
    this.tokenizer = tokenizer;
    this.pairs = new PairTokenizer(tokenizer, special, rule, network.maxLength());
    this.units = new UnitScorer(network);
    this.rolling = new RollingScorer(network, special.prefixId());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<List<Likelihood>> loglikelihoods(List<List<Loglikelihood>> asked) {
    List<List<Likelihood>> answers = new ArrayList<>(Collections.nCopies(asked.size(), List.of()));
    for (int i : longestFirst(asked, TokenLanguageModel::characters)) {
      answers.set(i, unit(asked.get(i)));
    }
    return answers;
  }

  private List<Likelihood> unit(List<Loglikelihood> asked) {
    boolean small = asked.stream().allMatch(request -> request.context().length() <= SHORT_CONTEXT);
    List<Likelihood> known = small ? answered.get(asked) : null;
    if (known != null) {
      return known;
    }
    List<Likelihood> answer = score(asked.stream().map(pairs::encode).toList());
    if (small) {
      answered.put(asked, answer);
    }
    return answer;
  }

  /** Most tokens read at once. */
  public int maxLength() {
    return network.maxLength();
  }

  /** Scores pairs that are tokens already, for models without a tokenizer's text. */
  public List<Likelihood> score(List<TokenPair> tokens) {
    return units.score(tokens);
  }

  @Override
  public List<Generated> generate(List<GenerateUntil> requests) {
    Generated[] answers = new Generated[requests.size()];
    for (int i : longestFirst(requests, GenerateUntil::characters)) {
      answers[i] = generate(requests.get(i));
    }
    return List.of(answers);
  }

  private Generated generate(GenerateUntil request) {
    int[] prompt = pairs.encodePrompt(request.context());
    int room = network.maxLength();
    int limit = Math.min(request.maxNewTokens(), room - 1);
    if (request.cutContext()) {
      prompt = Arrays.copyOfRange(prompt, Math.max(0, prompt.length + limit - room), prompt.length);
    } else {
      limit = Math.min(limit, room - prompt.length);
      if (limit <= 0) {
        return new Generated("", 0);
      }
    }
    int[] ids = generator.greedy(prompt, limit, request.stops());
    return new Generated(cut(tokenizer.decode(ids), request.stops()), ids.length);
  }

  /** Text up to the earliest occurrence of any stop. */
  private static String cut(String text, List<String> stops) {
    int end = text.length();
    for (String stop : stops) {
      int at = text.indexOf(stop);
      end = at < 0 ? end : Math.min(end, at);
    }
    return text.substring(0, end);
  }

  @Override
  public List<TextLoss> rollingLosses(List<RollingLoss> requests) {
    TextLoss[] answers = new TextLoss[requests.size()];
    for (int i : longestFirst(requests, RollingLoss::characters)) {
      String text = requests.get(i).text();
      int[] ids = tokenizer.encode(text);
      int bytes = text.getBytes(StandardCharsets.UTF_8).length;
      answers[i] = new TextLoss(rolling.nats(ids), ids.length, bytes);
    }
    return List.of(answers);
  }

  private static long characters(List<Loglikelihood> unit) {
    return unit.stream().mapToLong(Loglikelihood::characters).sum();
  }

  private static <T> List<Integer> longestFirst(List<T> requests, ToLongFunction<T> length) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      order.add(i);
    }
    order.sort(
        Comparator.comparingLong((Integer i) -> length.applyAsLong(requests.get(i))).reversed());
    return order;
  }

  @Override
  public void close() {
    try (network;
        generator;
        tokenizer) {
      answered.clear();
    }
  }
}
