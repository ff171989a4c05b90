package org.instella.eval.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Storage;
import org.instella.eval.request.TextLoss;
import org.instella.tokenize.document.DocumentSchema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldOutTextTest {
  @TempDir Path folder;

  @Test
  void readsTheFirstDocumentsOfFiles() throws Exception {
    Path file = folder.resolve("part.jsonl");
    Files.writeString(
        file,
        """
        {"id":"a","text":"one","source":"s"}
        {"id":"b","text":"two","source":"s"}
        {"id":"c","text":"three","source":"s"}
        """);

    assertThat(read(file, 2))
        .containsExactly(new HeldOutDocument("a", "one"), new HeldOutDocument("b", "two"));
  }

  @Test
  void aBadLineIsNamed() throws Exception {
    Path file = folder.resolve("part.jsonl");
    Files.writeString(file, "{\"id\":\"a\",\"text\":\"one\"}\n{\"id\":\n");

    assertThatThrownBy(() -> read(file, 9))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("part.jsonl line 2 is no document: ");
  }

  @Test
  void lossOfADomainWeighsTokensAndKnowsItsError() {
    DomainLoss loss =
        DomainLoss.of(
            "d",
            List.of(new TextLoss(30, 10, 40), new TextLoss(10, 10, 20), new TextLoss(0, 0, 0)));

    assertThat(loss.perToken()).isEqualTo(2.0);
    assertThat(loss.perplexity()).isCloseTo(Math.exp(2), within(1e-12));
    assertThat(loss.bitsPerByte()).isCloseTo(40 / (Math.log(2) * 60), within(1e-12));
    // residuals 10, -10, 0: sqrt(200 * 3 / 2) / 20
    assertThat(loss.estimate().standardError().orElseThrow())
        .isCloseTo(Math.sqrt(300) / 20, within(1e-12));
  }

  private static List<HeldOutDocument> read(Path file, int limit) {
    return HeldOutText.ofFiles(Storage.standard(), file.toString(), DocumentSchema.DOLMA, limit);
  }
}
