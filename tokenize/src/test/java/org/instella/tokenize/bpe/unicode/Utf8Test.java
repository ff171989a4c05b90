package org.instella.tokenize.bpe.unicode;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.Random;
import org.instella.tokenize.bpe.RandomTexts;
import org.junit.jupiter.api.Test;

class Utf8Test {

  @Test
  void judgesRandomBytesAsTheJdkDecoderDoes() {
    Random random = new Random(3);
    int[] leads = {
      0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE4, 0xED, 0xEF, 0xF0, 0xF4, 0xF5
    };
    int wellFormed = 0;
    for (int i = 0; i < 300_000; i++) {
      byte[] bytes = new byte[1 + random.nextInt(12)];
      for (int k = 0; k < bytes.length; k++) {
        bytes[k] =
            (byte)
                (random.nextInt(3) == 0
                    ? leads[random.nextInt(leads.length)]
                    : 0x80 + random.nextInt(0x40));
      }
      boolean expected = true;
      try {
        UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      } catch (CharacterCodingException e) {
        expected = false;
      }
      wellFormed += expected ? 1 : 0;
      assertThat(Utf8.firstIllFormed(bytes, 0, bytes.length) < 0).isEqualTo(expected);
    }
    assertThat(wellFormed).isGreaterThan(1_000);
  }

  @Test
  void readsStringsAsTheJdkEncodesThemWithTheReplacementCharacterForLoneSurrogates() {
    Utf16Reader reader = new Utf16Reader();
    Utf8Buffer out = new Utf8Buffer();
    for (long seed = 0; seed < 3_000; seed++) {
      StringBuilder text = new StringBuilder();
      Random random = new Random(seed);
      while (text.length() < seed * 3) {
        text.append(RandomTexts.next(random, List.of()));
        text.append("plain text between the trouble, so that whole blocks are ASCII ".repeat(2));
      }
      reader.read(text.toString(), out);
      StringBuilder paired = new StringBuilder();
      text.codePoints()
          .forEach(
              c ->
                  paired.appendCodePoint(Character.getType(c) == Character.SURROGATE ? 0xFFFD : c));
      assertThat(new String(out.bytes(), 0, out.size(), UTF_8))
          .as("seed %d", seed)
          .isEqualTo(paired.toString());
    }
  }
}
