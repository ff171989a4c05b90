package org.instella.eval.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.instella.conf.SharedData;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.eval.ByteTokenizer;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;
import org.junit.jupiter.api.Test;

class PairTokenizerTest {
  private static final SpecialTokens PLAIN = new SpecialTokens(0, "<eos>", false);
  private static final SpecialTokens ADDS_BOS = new SpecialTokens(0, "<eos>", true);

  @Test
  void trailingWhitespaceMovesToTheContinuation() {
    TokenPair pair = encode(PairRule.LME_0_4_3, PLAIN, 99, "a \n", "b");

    assertThat(pair.ids()).containsExactly(id('a'), id(' '), id('\n'), id('b'));
    assertThat(pair.continuation()).isEqualTo(3);
    assertThat(pair.inputLength()).isEqualTo(3);
    assertThat(pair.firstScored()).isZero();
  }

  @Test
  void theContinuationIsWhatFollowsTheContextsIdsInTheWhole() {
    // "t" + "h" merge into one id: the whole has as many ids as the context.
    assertThatThrownBy(() -> encode(PairRule.LME_0_4_3, PLAIN, 99, "at", "h"))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "Continuation \"h\" adds no token to its context; give it text that the tokenizer"
                + " keeps");
    assertThat(encode(PairRule.LME_0_4_3, PLAIN, 99, "at", "he").ids())
        .containsExactly(id('a'), ByteTokenizer.TH, id('e'));
  }

  @Test
  void anEmptyContextIsThePrefixToken() {
    assertThat(encode(PairRule.LME_0_4_3, PLAIN, 99, "", "ab").ids())
        .containsExactly(0, id('a'), id('b'));
    // White space alone is empty once it has moved.
    assertThat(encode(PairRule.LME_0_4_3, PLAIN, 99, " ", "a").ids())
        .containsExactly(0, id(' '), id('a'));
  }

  @Test
  void theTwoHarnessesDifferWhenTheContinuationStartsWithThePrefixToken() {
    assertThat(encode(PairRule.LME_0_4_3, PLAIN, 99, "", "<eos>a").ids())
        .containsExactly(0, 0, id('a'));
    TokenPair lent = encode(PairRule.LME_0_4_13, PLAIN, 99, "", "<eos>a");
    assertThat(lent.ids()).containsExactly(0, id('a'));
    assertThat(lent.continuation()).isEqualTo(1);
  }

  @Test
  void onlyTheNewerHarnessAddsTheBeginningOfText() {
    assertThat(encode(PairRule.LME_0_4_3, ADDS_BOS, 99, "a", "b").ids())
        .containsExactly(id('a'), id('b'));
    TokenPair pair = encode(PairRule.LME_0_4_13, ADDS_BOS, 99, "a", "b");
    assertThat(pair.ids()).containsExactly(0, id('a'), id('b'));
    assertThat(pair.continuation()).isEqualTo(1);
    assertThat(encode(PairRule.LME_0_4_13, ADDS_BOS, 99, "<eos>a", "b").ids())
        .containsExactly(0, id('a'), id('b'));
  }

  @Test
  void longPairsLoseTheirLeftAndKeepTheContinuation() {
    TokenPair pair = encode(PairRule.LME_0_4_3, PLAIN, 3, "abcdef", "xy");

    assertThat(pair.ids()).containsExactly(id('e'), id('f'), id('x'), id('y'));
    assertThat(pair.inputLength()).isEqualTo(3);
    assertThatThrownBy(() -> encode(PairRule.LME_0_4_3, PLAIN, 3, "a", "wxyz"))
        .hasMessage(
            "Continuation \"wxyz\" has 4 tokens, the model reads 3; shorten it or use a longer"
                + " model");
  }

  @Test
  void afterTheInstellaTemplateALetterIsTwoTokens() {
    Location file =
        Location.of(
            SharedData.require()
                .resolve("data/tokenizers/allenai_eleuther-ai-gpt-neox-20b-pii-special.json"));
    try (Tokenizer tokenizer = Tokenizers.open(new TokenizerSpec(file))) {
      SpecialTokens special = new SpecialTokens(0, "<|endoftext|>", false);
      PairTokenizer pairs = new PairTokenizer(tokenizer, special, PairRule.LME_0_4_3, 4096);

      TokenPair pair =
          pairs.encode(new Loglikelihood("<|endoftext|><|user|>\nWhich?\n<|assistant|>\n", "A"));

      int[] ids = pair.ids();
      assertThat(pair.continuation()).isEqualTo(2);
      assertThat(Arrays.copyOfRange(ids, ids.length - 2, ids.length)).containsExactly(187, 34);
      assertThat(ids[0]).isZero();
    }
  }

  private static TokenPair encode(
      PairRule rule, SpecialTokens special, int maxLength, String context, String continuation) {
    return new PairTokenizer(new ByteTokenizer(), special, rule, maxLength)
        .encode(new Loglikelihood(context, continuation));
  }

  private static int id(char c) {
    return c + 1;
  }
}
