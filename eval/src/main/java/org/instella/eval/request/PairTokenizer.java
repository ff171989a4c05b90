package org.instella.eval.request;

import java.util.Arrays;
import org.instella.conf.error.DataException;
import org.instella.tokenize.bpe.Tokenizer;

/**
 * Turns (context, continuation) into ids as the lm-evaluation-harness does.
 *
 * <p>The whole is encoded at once and the continuation is what follows the ids of the context
 * alone: encoding may merge across the border, and the border is the length of the context's ids
 * all the same. A pair that is too long loses ids on the left; the continuation stays whole.
 */
public final class PairTokenizer {
  private final Tokenizer tokenizer;
  private final SpecialTokens special;
  private final PairRule rule;
  private final int maxLength;

  /**
   * @param maxLength most ids that the network reads at once
   */
  public PairTokenizer(Tokenizer tokenizer, SpecialTokens special, PairRule rule, int maxLength) {
    this.tokenizer = tokenizer;
    this.special = special;
    this.rule = rule;
    this.maxLength = maxLength;
  }

  /**
   * @throws DataException if the continuation has no token or more than the model's length
   */
  public TokenPair encode(Loglikelihood request) {
    int kept = PythonText.endWithoutWhitespace(request.context());
    String context = request.context().substring(0, kept);
    String continuation = request.context().substring(kept) + request.continuation();
    return context.isEmpty() ? withoutContext(continuation) : withContext(context, continuation);
  }

  /** Ids of a prompt, with the beginning-of-text token where the rule asks for it. */
  public int[] encodePrompt(String prompt) {
    if (prompt.isEmpty()) {
      return new int[] {special.prefixId()};
    }
    int[] ids = tokenizer.encode(prompt);
    return addsPrefix(prompt) ? concat(special.prefixId(), ids) : ids;
  }

  private TokenPair withContext(String context, String continuation) {
    int[] whole = encodePrompt(context + continuation);
    int contextLength = encodePrompt(context).length;
    return cut(whole, whole.length - contextLength, continuation);
  }

  private TokenPair withoutContext(String continuation) {
    int[] ids = tokenizer.encode(continuation);
    boolean lends = rule == PairRule.LME_0_4_13 && ids.length > 1 && ids[0] == special.prefixId();
    return lends
        ? cut(ids, ids.length - 1, continuation)
        : cut(concat(special.prefixId(), ids), ids.length, continuation);
  }

  private boolean addsPrefix(String text) {
    return rule == PairRule.LME_0_4_13
        && special.addedByDefault()
        && !text.startsWith(special.prefixText());
  }

  private TokenPair cut(int[] ids, int continuation, String text) {
    if (continuation < 1) {
      throw new DataException(
          RequestError.CONTINUATION_WITHOUT_TOKENS,
          "Continuation %s adds no token to its context; give it text that the tokenizer keeps"
              .formatted(quoted(text)));
    }
    if (continuation > maxLength) {
      throw new DataException(
          RequestError.CONTINUATION_TOO_LONG,
          "Continuation %s has %d tokens, the model reads %d; shorten it or use a longer model"
              .formatted(quoted(text), continuation, maxLength));
    }
    int from = Math.max(0, ids.length - (maxLength + 1));
    return new TokenPair(from == 0 ? ids : Arrays.copyOfRange(ids, from, ids.length), continuation);
  }

  private static int[] concat(int first, int[] rest) {
    int[] all = new int[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  private static String quoted(String text) {
    return text.length() <= 40 ? "\"" + text + "\"" : "\"" + text.substring(0, 40) + "…\"";
  }
}
