package org.instella.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values were printed by CPython 3.11. */
class PythonJsonTest {

  @ParameterizedTest
  @CsvSource({
    "1.0, 1.0",
    "0.1, 0.1",
    "-10.74, -10.74",
    "1e-5, 1e-05",
    "0.0001, 0.0001",
    "1e16, 1e+16",
    "123456789012345680.0, 1.2345678901234568e+17",
    "1234567890123456.0, 1234567890123456.0",
    "2e-323, 2e-323",
    "2.2250738585072014e-308, 2.2250738585072014e-308",
    "5e-324, 5e-324"
  })
  void numbersAreWrittenAsPythonWritesThem(double value, String text) {
    assertThat(PythonJson.repr(value)).isEqualTo(text);
  }

  @Test
  void textIsEscapedAndIndentedAsPythonDoes() throws Exception {
    String json =
        "{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"\\u0001\\u007f\\u2028é\\\"\\n/\"}],\"e\":null}";

    assertThat(PythonJson.indented(new ObjectMapper().readTree(json)))
        .isEqualTo(
            """
            {
              "a": [],
              "b": {},
              "c": [
                1,
                {
                  "d": "\\u0001\u007f\u2028é\\"\\n/"
                }
              ],
              "e": null
            }""");
  }
}
