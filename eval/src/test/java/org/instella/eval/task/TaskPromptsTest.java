package org.instella.eval.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.instella.conf.SharedData;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.request.Loglikelihood;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prompts built here from raw benchmark rows against the requests that OLMES itself wrote: every
 * document that is in both files. Shots, where the request file has some, stand before our prompt.
 */
class TaskPromptsTest {
  private final Storage storage = Storage.standard();

  @ParameterizedTest(name = "{0} builds the requests of {1}")
  @CsvSource({
    "arc_easy::olmo1,      arc_easy:rc_0shot,      id,       0, 50",
    "arc_easy:mc,          arc_easy:mc_5shot,      id,       5, 50",
    "arc_challenge::olmo1, arc_challenge:rc_5shot, id,       5, 50",
    "piqa::olmo1,          piqa:rc_0shot,          goal,     0, 50",
    "openbookqa,           openbookqa:rc_0shot,    id,       0, 50",
    "csqa:mc,              csqa:mc_5shot,          id,       5, 50",
    "hellaswag::prepared,  hellaswag:rc_5shot,     ind,      5, 50",
    "winogrande::olmo1,    winogrande:rc_5shot,    sentence, 5, 50",
    "boolq::olmo1,         boolq:rc_5shot,         (index),  5, 2",
    "socialiqa:mc,         socialiqa:mc_5shot,     question, 5, 3"
  })
  void promptsEqualTheRequestFiles(String ours, String theirs, String key, int shots, int atLeast) {
    Location data = data();
    Map<String, TaskDocument> built = new HashMap<>();
    // No sampling: the raw files here hold only the first 200 rows.
    for (TaskDocument document :
        TaskCatalog.standard().task(ours).documents(storage, data, Integer.MAX_VALUE)) {
      built.put(keyOf(document, key, d -> String.valueOf(d.index())), document);
    }
    List<TaskDocument> reference =
        TaskCatalog.standard().task(theirs).documents(storage, data, Integer.MAX_VALUE);

    int compared = 0;
    for (TaskDocument expected : reference) {
      TaskDocument actual = built.get(keyOf(expected, key, TaskDocument::nativeId));
      if (actual != null) {
        assertSame(choice(actual), choice(expected), shots);
        compared++;
      }
    }
    assertThat(compared).as("documents in both files").isGreaterThanOrEqualTo(atLeast);
  }

  @Test
  void boolqSampleIsTheOrderOfTheRequestFile() {
    List<TaskDocument> requests =
        TaskCatalog.standard().task("boolq:rc_5shot").documents(storage, data(), Integer.MAX_VALUE);

    int[] sample = new PythonRandom(1234).sample(3270, 1000);
    for (TaskDocument document : requests) {
      assertThat(document.nativeId()).isEqualTo(String.valueOf(sample[document.index()]));
    }
    assertThat(requests).hasSize(50);
  }

  @Test
  void everyTaskOfTheCatalogueReads() {
    TaskCatalog catalog = TaskCatalog.standard();
    assertThat(catalog.names()).hasSizeGreaterThan(30);
    for (String name : catalog.names()) {
      assertThat(catalog.task(name).metrics()).as(name).isNotEmpty();
    }
    assertThat(catalog.names()).containsAll(catalog.suites().get("instella-base"));
  }

  private static void assertSame(
      DocumentRequests.Choice actual, DocumentRequests.Choice expected, int shots) {
    assertThat(actual.gold()).isEqualTo(expected.gold());
    assertThat(continuations(actual.conditional()))
        .isEqualTo(continuations(expected.conditional()));
    for (int i = 0; i < expected.conditional().size(); i++) {
      String full = expected.conditional().get(i).context();
      String own = actual.conditional().get(i).context();
      if (shots == 0) {
        assertThat(own).isEqualTo(full);
      } else {
        // The raw BoolQ rows here are the original set's; SuperGLUE's have "Title -- " in front.
        String last = full.substring(full.lastIndexOf("\n\n", full.length() - 1) + 2);
        assertThat(last.equals(own) || last.endsWith(" -- " + own) || full.endsWith("\n\n" + own))
            .as("%s%nends with%n%s", full, own)
            .isTrue();
      }
    }
    if (!expected.unconditional().isEmpty() && !actual.unconditional().isEmpty()) {
      assertThat(actual.unconditional()).isEqualTo(expected.unconditional());
    }
  }

  private static List<String> continuations(List<Loglikelihood> requests) {
    return requests.stream().map(Loglikelihood::continuation).toList();
  }

  private static String keyOf(
      TaskDocument document, String key, Function<TaskDocument, String> index) {
    if (key.equals("(index)")) {
      return index.apply(document);
    }
    ObjectNode fields = document.fields();
    List<String> parts = new ArrayList<>(List.of(fields.path(key).asText()));
    // Social IQa's questions repeat; winogrande's sentences and piqa's goals nearly do.
    for (String more : List.of("context", "sol1", "option1", "answerA")) {
      parts.add(fields.path(more).asText());
    }
    return String.join("|", parts);
  }

  private static DocumentRequests.Choice choice(TaskDocument document) {
    return (DocumentRequests.Choice) document.requests();
  }

  private static Location data() {
    return Location.of(SharedData.require().resolve("data/benchmarks"));
  }
}
