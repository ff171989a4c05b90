package org.instella.eval.task;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.metric.ExactMatch;
import org.instella.eval.metric.Metric;

/**
 * A benchmark: where its rows are, how a row becomes requests, what is measured.
 *
 * @param name as given to {@code --tasks}; the part before {@code ::} is the benchmark, the part
 *     after it the harness whose numbers it reproduces
 * @param version raised whenever a score may change
 * @param items places to look for the rows, under the data folder; the first that exists is taken
 * @param idField field with the row's own name; a row without it is named by its index
 * @param sample the fixed subset that is scored, if not all rows are
 * @param splitBy field that splits the task into subtasks, named {@code benchmark_value::harness}
 * @param aggregation how subtasks become one number
 * @param metrics what is measured, the primary metric first
 * @param matching how generated answers are compared; unused by multiple choice
 */
public record EvalTask(
    String name,
    int version,
    String about,
    List<String> items,
    Optional<String> idField,
    Optional<Sample> sample,
    Optional<String> splitBy,
    Aggregation aggregation,
    List<DerivedField> fields,
    FewShot fewShot,
    TaskForm form,
    List<Metric> metrics,
    ExactMatch matching) {
  public EvalTask {
    items = List.copyOf(items);
    fields = List.copyOf(fields);
    metrics = List.copyOf(metrics);
  }

  public Metric primaryMetric() {
    return metrics.get(0);
  }

  /** This task on other rows, under another name. */
  public EvalTask over(String newName, String place) {
    return new EvalTask(
        newName,
        version,
        about,
        List.of(place),
        idField,
        sample,
        splitBy,
        aggregation,
        fields,
        fewShot,
        form,
        metrics,
        matching);
  }

  /**
   * All documents, in the order of evaluation.
   *
   * @param data folder that the places of {@link #items} are relative to
   * @param limit at most so many documents, from the front, per task
   * @throws org.instella.conf.error.DataException if the rows are missing or a row cannot be used
   */
  public List<TaskDocument> documents(Storage storage, Location data, int limit) {
    ItemFiles files = new ItemFiles(storage, data);
    List<Item> rows = files.read(name, items);
    if (form instanceof RequestFileForm requests) {
      return limited(requests.documents(name, rows), limit);
    }
    List<Item> chosen = limited(sample.map(rule -> rule.of(rows)).orElse(rows), limit);
    Shots shots = new Shots(files);
    Map<String, Integer> positions = new HashMap<>();
    List<TaskDocument> documents = new ArrayList<>(chosen.size());
    for (Item row : chosen) {
      Item ready = prepared(row);
      String subtask = subtask(ready);
      int index = positions.merge(subtask, 1, Integer::sum) - 1;
      String id = idField.flatMap(ready::textIfPresent).orElse(String.valueOf(index));
      DocumentRequests requests = requests(ready, shots.of(ready));
      documents.add(new TaskDocument(subtask, index, id, row.fields(), requests));
    }
    return documents;
  }

  private DocumentRequests requests(Item row, List<Item> shots) {
    if (form instanceof ChoiceForm choice) {
      return choice.requests(row, shots);
    }
    return ((GenerationForm) form).requests(row, shots);
  }

  private Item prepared(Item row) {
    Item ready = row;
    for (DerivedField field : fields) {
      ready = field.addTo(ready);
    }
    return ready;
  }

  private String subtask(Item row) {
    if (splitBy.isEmpty()) {
      return name;
    }
    int mark = name.indexOf(':');
    String benchmark = mark < 0 ? name : name.substring(0, mark);
    String harness = mark < 0 ? "" : name.substring(mark);
    return benchmark + "_" + row.text(splitBy.get()) + harness;
  }

  private static <T> List<T> limited(List<T> all, int limit) {
    return all.size() <= limit ? all : all.subList(0, limit);
  }

  /** The worked examples, read once. */
  private final class Shots {
    private final List<Item> all;
    private final Map<String, List<Item>> chosen = new HashMap<>();

    Shots(ItemFiles files) {
      all =
          fewShot.count() == 0
              ? List.of()
              : files.read(name + " (few-shot)", fewShot.items()).stream()
                  .map(EvalTask.this::prepared)
                  .toList();
    }

    List<Item> of(Item row) {
      String key = fewShot.same().map(row::text).orElse("");
      return chosen.computeIfAbsent(key, value -> first(row, value));
    }

    private List<Item> first(Item row, String value) {
      List<Item> shots =
          all.stream()
              .filter(shot -> fewShot.same().map(shot::text).orElse("").equals(value))
              .limit(fewShot.count())
              .toList();
      if (shots.size() < fewShot.count()) {
        throw row.bad(
            "%d worked examples wanted, the file has %d%s"
                .formatted(fewShot.count(), shots.size(), value.isEmpty() ? "" : " for " + value));
      }
      return shots;
    }
  }
}
