package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.instella.conf.settings.KeyDoc;
import org.instella.conf.settings.Settings;
import org.junit.jupiter.api.Test;

/**
 * The key table of docs/train.md is that of the code. Written anew with {@code mvn -pl
 * train-executor -am test -Dtest=TrainKeysTest -Dsurefire.failIfNoSpecifiedTests=false
 * -Dinstella.regenerate=true}.
 */
class TrainKeysTest {
  private static final String BEGIN = "<!-- keys: written by TrainKeysTest -->\n";
  private static final String END = "<!-- end of keys -->";

  private static String table() {
    Settings train = Settings.describing("train");
    TrainConfig.from(train);
    StringBuilder table =
        new StringBuilder("| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
    for (KeyDoc key : train.docs()) {
      if (!key.type().equals("section")) {
        String type = key.allowed().isEmpty() ? key.type() : key.type() + ", " + key.allowed();
        table.append(
            "| `%s` | %s | %s | %s |\n"
                .formatted(
                    key.key(),
                    type.replace("|", "\\|"),
                    key.fallback(),
                    key.help().replace("|", "\\|")));
      }
    }
    return table.toString();
  }

  @Test
  void theKeyTableOfTheDocsIsThatOfTheCode() throws IOException {
    Path page = Path.of(System.getProperty("instella.home"), "docs", "train.md");
    String text = Files.readString(page);
    int begin = text.indexOf(BEGIN) + BEGIN.length();
    int end = text.indexOf(END);
    assertThat(end).as("end of the table in %s", page).isGreaterThanOrEqualTo(begin);
    if (Boolean.getBoolean("instella.regenerate")) {
      Files.writeString(page, text.substring(0, begin) + table() + text.substring(end));
      return;
    }
    assertThat(text.substring(begin, end)).isEqualTo(table());
  }
}
