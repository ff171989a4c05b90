package org.instella.tokenize.bpe.unicode;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against the JDK's normaliser, for the characters that both know. */
class NfcTest {
  private final Nfc nfc = new Nfc();
  private final Utf8Buffer out = new Utf8Buffer();

  private String composed(String text) {
    byte[] utf8 = text.getBytes(UTF_8);
    int doubt = nfc.firstDoubt(utf8, 0, utf8.length);
    if (doubt < 0) {
      return text;
    }
    out.clear();
    nfc.normalise(utf8, 0, utf8.length, doubt, out);
    return new String(out.bytes(), 0, out.size(), UTF_8);
  }

  /** All characters with a combining class or a part in some composition, and some plain ones. */
  private static List<Integer> activePoints() {
    List<Integer> points = new ArrayList<>(List.of((int) 'a', (int) 'e', (int) ' ', 0x4E00));
    for (int point = 0x80; point <= Character.MAX_CODE_POINT; point++) {
      if ((CodePoints.properties(point) & CodePoints.ACTIVE) != 0
          || Composition.TABLES.decomposition(point) >= 0
          || (point >= 0x1100 && point < 0x1200)
          || (point >= 0xAC00 && point < 0xD7A4 && point % 97 == 0)) {
        points.add(point);
      }
    }
    return points;
  }

  @Test
  void composesStacksOfMarksAsTheJdkDoes() {
    List<Integer> points = activePoints();
    assertThat(points).hasSizeGreaterThan(2_800);
    Random random = new Random(11);
    for (int i = 0; i < 200_000; i++) {
      StringBuilder text = new StringBuilder();
      int length = 1 + random.nextInt(7);
      for (int k = 0; k < length; k++) {
        text.appendCodePoint(points.get(random.nextInt(points.size())));
      }
      String expected = Normalizer.normalize(text, Normalizer.Form.NFC);
      if (!composed(text.toString()).equals(expected)) {
        assertThat(composed(text.toString()))
            .as("string %d: %s", i, text.codePoints().mapToObj(Integer::toHexString).toList())
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void leavesTextAloneThatIsInNormalForm() {
    for (String text :
        List.of("", "plain", "caf\u00E9", "\u4E2D\u6587", "\uAC00\uB098", "\u0E01\u0E34\u0E48")) {
      byte[] utf8 = text.getBytes(UTF_8);
      assertThat(nfc.firstDoubt(utf8, 0, utf8.length)).as(text).isEqualTo(-1);
    }
  }

  @Test
  void sortsThousandsOfMarksStably() {
    StringBuilder text = new StringBuilder("a");
    for (int i = 0; i < 5_000; i++) {
      text.append(i % 3 == 0 ? '\u0323' : i % 3 == 1 ? '\u0301' : '\u0345');
    }
    assertThat(composed(text.toString()))
        .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
  }

  @Test
  void doesNotKnowMarksThatTheLibraryDoesNotKnow() {
    // U+1ABF is a mark since Unicode 13; to the library it is a plain character.
    assertThat(composed("a\u1ABF\u0323")).isEqualTo("a\u1ABF\u0323");
  }
}
