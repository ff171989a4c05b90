package org.instella.eval.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.instella.conf.SharedData;
import org.instella.conf.manifest.Digests;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prompts and answers that were made by running the OLMES classes at commit 38af8b6. */
class PromptVectorsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path data;

  @Test
  void gsm8kPromptIsThatOfOlmes() throws Exception {
    Path prompts = SharedData.require().resolve("data/benchmarks/prompts");
    Files.createSymbolicLink(data.resolve("prompts"), prompts);
    write("gsm8k.jsonl", "{\"question\":\"What is 1+1?\",\"answer\":\"two\\n#### 2\"}");

    DocumentRequests.Generation only =
        (DocumentRequests.Generation) documents("gsm8k::olmes").get(0).requests();

    assertThat(only.request().context()).hasSize(2291);
    assertThat(Digests.sha256(only.request().context()))
        .isEqualTo("63ff4ea5f2e688d41af63d4c9a369e9e47e65204308b9fecd4c2bf9b6a9cb105");
    assertThat(only.target()).isEqualTo("2");
    assertThat(only.request().stops()).containsExactly("Question:", "</s>", "<|im_end|>", "\n\n");
  }

  @Test
  void mmluPromptIsThatOfOlmes() throws Exception {
    String shot =
        "{\"question\":\"q\",\"subject\":\"anatomy\",\"choices\":[\"w\",\"x\",\"y\",\"z\"],"
            + "\"answer\":1}\n";
    write("mmlu_dev.jsonl", shot.repeat(5));
    write(
        "mmlu_test.jsonl",
        "{\"question\":\"Q\",\"subject\":\"anatomy\",\"choices\":[\"1\",\"2\",\"3\",\"4\"],"
            + "\"answer\":0}");

    TaskDocument document = documents("mmlu:mc::olmes").get(0);
    DocumentRequests.Choice question = (DocumentRequests.Choice) document.requests();

    assertThat(document.task()).isEqualTo("mmlu_anatomy:mc::olmes");
    String context = question.conditional().get(2).context();
    assertThat(context).hasSize(353);
    assertThat(Digests.sha256(context))
        .isEqualTo("65b69fd60f588474e1f1ef503ac0f271ca86a403ac968e5a7e04c14a133f5b3c");
    assertThat(question.conditional().get(2).continuation()).isEqualTo(" C");
  }

  @Test
  void hellaswagIsCleanedAsOlmesDoes() throws Exception {
    ObjectNode row = JSON.createObjectNode();
    row.put("ind", 1).put("activity_label", "Roof").put("ctx_a", "A man is On a roof.");
    row.put("ctx_b", "he STARTS [title] x").put("label", "0");
    row.putArray("endings").add("is. [title] Now [step] go  a").add("b");
    write("hellaswag.jsonl", row.toString());

    DocumentRequests.Choice question =
        (DocumentRequests.Choice) documents("hellaswag::olmo1").get(0).requests();

    assertThat(question.conditional().get(0).context())
        .isEqualTo("Roof: A man is On a roof. He starts. x");
    assertThat(question.conditional().get(0).continuation()).isEqualTo(" is. Now go a");
  }

  @ParameterizedTest
  @CsvSource({
    "'So the answer is 1,234.', 1234",
    "'is $-5.', 5",
    "'is 18.00', 18.00",
    "'about -3.5 or', -3.5",
    "'none', none"
  })
  void gsm8kAnswersAreCutOutAsOlmesDoes(String text, String answer) {
    GenerationForm form = (GenerationForm) TaskCatalog.standard().task("gsm8k::olmes").form();

    assertThat(form.answer().extract(text)).isEqualTo(answer);
  }

  @Test
  void gsm8kMatchIgnoresWhatOlmesIgnores() {
    EvalTask task = TaskCatalog.standard().task("gsm8k::olmes");

    assertThat(task.matching().matches("1,234.", "$1234")).isTrue();
    assertThat(task.matching().matches("18.00", "18")).isFalse();
    assertThat(task.matching().matches("work #### 7", "7")).isTrue();
  }

  private List<TaskDocument> documents(String task) {
    return TaskCatalog.standard()
        .task(task)
        .documents(Storage.standard(), Location.of(data), Integer.MAX_VALUE);
  }

  private void write(String name, String text) throws Exception {
    Files.writeString(data.resolve(name), text);
  }
}
