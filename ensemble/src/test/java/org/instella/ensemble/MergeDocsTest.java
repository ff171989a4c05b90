package org.instella.ensemble;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.settings.ChoiceKey;
import org.instella.conf.settings.KeyDoc;
import org.instella.conf.settings.Settings;
import org.instella.ensemble.method.MethodName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The key table of docs/merge.md is made from the code. Write it anew with
 * -Dinstella.regenerate=true.
 */
class MergeDocsTest {
  private static final String BEGIN = "<!-- keys: made by MergeDocsTest -->\n";
  private static final String END = "<!-- end of keys -->\n";
  private static final Path PAGE =
      Path.of(System.getProperty("instella.home", ".."), "docs", "merge.md");

  @Test
  void theKeyTableIsThatOfTheCode() throws IOException {
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

  @ParameterizedTest
  @EnumSource(MethodName.class)
  void everyMethodIsOnThePage(MethodName method) throws IOException {
    assertThat(Files.readString(PAGE)).contains("| `%s` |".formatted(ChoiceKey.nameOf(method)));
  }

  private static String table() {
    StringBuilder table =
        new StringBuilder("| Key | Default | Allowed | Meaning |\n| --- | --- | --- | --- |\n");
    Settings merge = Settings.describing("");
    MergeConfig unused = MergeConfig.from(merge);
    List<String> ofMethods = new ArrayList<>();
    MethodName.MEAN.docs().forEach(doc -> ofMethods.add(doc.key()));
    Map<String, KeyDoc> general = new LinkedHashMap<>();
    for (KeyDoc doc : merge.docs()) {
      boolean repeated = doc.key().startsWith("stages.NAME.") || doc.key().endsWith("].method");
      if (!repeated && !ofMethods.contains(doc.key()) && !doc.key().startsWith("tensors[].ar")) {
        general.putIfAbsent(doc.key(), doc);
      }
    }
    general.values().forEach(doc -> row(table, doc, ""));
    Map<KeyDoc, List<String>> ofMethod = new LinkedHashMap<>();
    for (MethodName method : MethodName.values()) {
      for (KeyDoc doc : method.docs()) {
        ofMethod
            .computeIfAbsent(doc, key -> new ArrayList<>())
            .add("`" + ChoiceKey.nameOf(method) + "`");
      }
    }
    ofMethod.forEach((doc, methods) -> row(table, doc, String.join(", ", methods) + ": "));
    return table.toString();
  }

  private static void row(StringBuilder table, KeyDoc doc, String method) {
    String allowed = doc.allowed().isEmpty() ? doc.type() : doc.allowed();
    table.append(
        "| `%s` | %s | %s | %s%s |\n"
            .formatted(doc.key(), doc.fallback(), allowed, method, doc.help()));
  }
}
