package org.instella.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values were printed by CPython 3.11's own {@code random} module. */
class PythonRandomTest {

  @Test
  void drawsTheDoublesOfPython() {
    assertThat(new PythonRandom(0).random()).isEqualTo(0.8444218515250481);
    assertThat(new PythonRandom("is_switched_outputshello0").random())
        .isEqualTo(0.3703273324920633);
  }

  @Test
  void takesSeedsOfMoreThanOneWordAndNegativeOnes() {
    assertThat(new PythonRandom(123456789012345L).random()).isEqualTo(0.6744750084019356);
    assertThat(new PythonRandom(-7).random()).isEqualTo(new PythonRandom(7).random());
  }

  @Test
  void shufflesLikePython() {
    assertThat(new PythonRandom(111).shuffled(4)).containsExactly(0, 2, 3, 1);
    assertThat(new PythonRandom(112).shuffled(4)).containsExactly(0, 1, 2, 3);
    assertThat(new PythonRandom(113).shuffled(4)).containsExactly(3, 1, 2, 0);
    assertThat(new PythonRandom(42).shuffled(5)).containsExactly(3, 1, 2, 4, 0);
  }

  @ParameterizedTest(name = "1000 of {0}")
  @CsvSource({
    "3270, 3187 1805 478 30 371 2384 143 2750 2838 343, 1517, 2644863076439122500",
    "10042, 7220 1914 122 1485 9539 572 1375 1612 5810 3879, 7325, -6756551451493922162",
    "1838, 1593 902 239 15 185 1652 1192 71 1375 1419, 311, -1270771724048532282",
    "1267, 902 239 15 185 1192 71 171 201 726 484, 562, 7768729764156649480"
  })
  void choosesTheThousandDocumentsOfOlmes(int n, String firstTen, int last, long hash) {
    int[] drawn = new PythonRandom(1234).sample(n, 1000);

    assertThat(Arrays.copyOf(drawn, 10))
        .containsExactly(Arrays.stream(firstTen.split(" ")).mapToInt(Integer::parseInt).toArray());
    assertThat(drawn[999]).isEqualTo(last);
    long h = 1125899906842597L;
    for (int value : drawn) {
      h = 31 * h + value;
    }
    assertThat(h).isEqualTo(hash);
  }

  @Test
  void refusesToDrawMoreThanThereIs() {
    assertThatThrownBy(() -> new PythonRandom(1).sample(3, 4)).hasMessage("cannot draw 4 of 3");
  }
}
