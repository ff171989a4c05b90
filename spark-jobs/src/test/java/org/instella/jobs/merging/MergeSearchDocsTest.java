package org.instella.jobs.merging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.instella.conf.settings.KeyDoc;
import org.instella.conf.settings.Settings;
import org.junit.jupiter.api.Test;

/**
 * The table of search keys in docs/merge.md is made from the code. Write it anew with
 * -Dinstella.regenerate=true.
 */
class MergeSearchDocsTest {
  private static final String BEGIN = "<!-- search keys: made by MergeSearchDocsTest -->\n";
  private static final String END = "<!-- end of search keys -->\n";
  private static final Path PAGE =
      Path.of(System.getProperty("instella.home", ".."), "docs", "merge.md");

  @Test
  void theTableOfSearchKeysIsThatOfTheCode() throws IOException {
    String page = Files.readString(PAGE);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    assertThat(begin).as("place of the table in %s", PAGE).isBetween(BEGIN.length(), end);
    if (Boolean.getBoolean("instella.regenerate")) {
      Files.writeString(PAGE, page.substring(0, begin) + table() + page.substring(end));
    } else {
      assertThat(page.substring(begin, end)).isEqualTo(table());
    }
  }

  private static String table() {
    StringBuilder table =
        new StringBuilder("| Key | Default | Allowed | Meaning |\n| --- | --- | --- | --- |\n");
    Settings search = Settings.describing("");
    MergeSearchConfig unused = MergeSearchConfig.from(search);
    for (KeyDoc doc : search.docs()) {
      // The keys of a candidate are those of merge, but for two.
      boolean own = doc.key().endsWith("[].name") || doc.key().endsWith("[].of");
      if (doc.key().startsWith("candidates[].") && !own) {
        continue;
      }
      table.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(
                  doc.key(),
                  doc.fallback(),
                  doc.allowed().isEmpty() ? doc.type() : doc.allowed(),
                  doc.help()));
    }
    return table.toString();
  }
}
