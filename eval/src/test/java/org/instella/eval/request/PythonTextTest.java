package org.instella.eval.request;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Expected values were printed by CPython 3.11. */
class PythonTextTest {

  @Test
  void knowsPythonsWhitespace() {
    Set<Integer> spaces = new TreeSet<>();
    for (int c = 0; c < 0x10000; c++) {
      if (PythonText.isWhitespace(c)) {
        spaces.add(c);
      }
    }
    assertThat(spaces)
        .containsExactlyInAnyOrder(
            0x9, 0xa, 0xb, 0xc, 0xd, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680, 0x2000,
            0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028,
            0x2029, 0x202f, 0x205f, 0x3000);
  }

  @Test
  void stripsWhatJavaLeaves() {
    assertThat(PythonText.strip("\u00a0\u0085 a b\u2007\u202f")).isEqualTo("a b");
    assertThat(PythonText.strip(" \n")).isEmpty();
    assertThat(PythonText.strip("\u200b")).isEqualTo("\u200b");
  }

  @Test
  void capitalizeLowersTheRest() {
    assertThat(PythonText.capitalize("he STARTS")).isEqualTo("He starts");
    assertThat(PythonText.capitalize("ßabc")).isEqualTo("Ssabc");
    assertThat(PythonText.capitalize("ǆX")).isEqualTo("ǅx");
    assertThat(PythonText.capitalize("éCOLE")).isEqualTo("École");
    assertThat(PythonText.capitalize("")).isEmpty();
  }

  @Test
  void countsCodePoints() {
    assertThat(PythonText.length("a😀é")).isEqualTo(3);
  }
}
