package org.instella.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user gets wrong, answered in one clear line. */
class BadTaskInputTest {
  private static final String GOOD =
      "{\"id\":\"a\",\"context\":\"1+1=\",\"choices\":[\"2\",\"3\"],\"gold\":0}\n";

  @TempDir Path folder;

  @Test
  void unknownTaskNamesTheNearest() {
    assertThatThrownBy(() -> tasks("piqa::olmo"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Task \"piqa::olmo\" is neither in the catalogue nor a file: did you mean"
                + " piqa::olmo1?");
    assertThatThrownBy(() -> tasks("zzzzzzzzzz")).hasMessageContaining("known tasks: arc_");
  }

  @Test
  void missingItemsNameThePlaces() {
    assertThatThrownBy(() -> read("piqa::olmo1"))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("Task piqa::olmo1: none of [olmo_hf/piqa/plain_text/validation,")
        .hasMessageContaining(folder.toString());
  }

  @Test
  void badJsonNamesFileAndLine() {
    String file = write("q.jsonl", GOOD + "{\"id\": \n");

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("q.jsonl line 2 is no JSON");
  }

  @Test
  void missingFieldNamesItAndThoseThatAreThere() {
    String file = write("q.jsonl", GOOD + "{\"id\":\"b\",\"context\":\"x\",\"gold\":0}\n");

    assertThatThrownBy(() -> read(file))
        .hasMessageEndingWith(
            "q.jsonl line 2: field \"choices\" is missing; the row has [context, gold, id]");
  }

  @Test
  void emptyContinuationIsRefused() {
    String file =
        write("q.jsonl", "{\"id\":\"b\",\"context\":\"x\",\"choices\":[\"a\",\"\"],\"gold\":0}");

    assertThatThrownBy(() -> read(file))
        .hasMessageEndingWith("q.jsonl line 1: choice 1 is empty: a continuation needs text");
  }

  @Test
  void goldOutsideTheChoicesIsRefused() {
    String file =
        write("q.jsonl", "{\"id\":\"b\",\"context\":\"x\",\"choices\":[\"a\",\"b\"],\"gold\":2}");

    assertThatThrownBy(() -> read(file))
        .hasMessageEndingWith("q.jsonl line 1: gold 2 is outside the 2 choices");
  }

  @Test
  void damagedGzipSaysHowFarItCame() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(GOOD.repeat(2000).getBytes(StandardCharsets.UTF_8));
    }
    byte[] half = Arrays.copyOf(bytes.toByteArray(), bytes.size() / 2);
    Path file = folder.resolve("q.jsonl.gz");
    Files.write(file, half);

    assertThatThrownBy(() -> read(file.toString()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("q.jsonl.gz is a damaged gzip file after line ");
  }

  @Test
  void aTaskFileSaysAllThatIsWrongWithItAtOnce() {
    String file =
        write(
            "mine.conf",
            """
            version = 0
            about = "mine"
            form = multiple-choice
            prompt = "{question"
            choises { list = "choices" }
            gold { value = "{gold}" }
            metrics = [acc_raww]
            """);

    assertThatThrownBy(() -> tasks(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("version = 0")
        .hasMessageContaining("\"{\" at 0 is not closed")
        .hasMessageContaining("did you mean choices?")
        .hasMessageContaining("no metric \"acc_raww\"");
  }

  @Test
  void ownQuestionsAndOwnTaskFilesAreTasks() {
    String questions = write("sums.jsonl", GOOD);
    String own =
        write(
            "mine.conf",
            """
            version = 2
            about = "mine"
            form = multiple-choice
            items = ["sums.jsonl"]
            prompt = "Sum: {context}"
            choices { list = "choices" }
            gold { value = "{gold}" }
            metrics = [acc_raw]
            """);

    List<EvalTask> tasks = tasks(questions, own);

    assertThat(tasks).extracting(EvalTask::name).containsExactly("sums", "mine");
    DocumentRequests.Choice question =
        (DocumentRequests.Choice) read(tasks.get(1)).get(0).requests();
    assertThat(question.conditional().get(1).context()).isEqualTo("Sum: 1+1=");
    assertThat(question.conditional().get(1).continuation()).isEqualTo(" 3");
    assertThat(read(tasks.get(0)).get(0).nativeId()).isEqualTo("a");
  }

  private List<EvalTask> tasks(String... references) {
    return TaskCatalog.standard()
        .tasks(Storage.standard(), Location.of(folder), List.of(references));
  }

  private List<TaskDocument> read(String reference) {
    return read(tasks(reference).get(0));
  }

  private List<TaskDocument> read(EvalTask task) {
    return task.documents(Storage.standard(), Location.of(folder), Integer.MAX_VALUE);
  }

  private String write(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text).toString();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
