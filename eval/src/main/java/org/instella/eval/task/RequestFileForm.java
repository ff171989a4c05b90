package org.instella.eval.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.eval.request.Loglikelihood;

/**
 * Requests that another harness wrote (OLMES' {@code requests.jsonl}): every row is one ready pair
 * of context and continuation, several rows make a document.
 *
 * <p>Rows whose {@code doc_id} is {@value #UNCONDITIONAL_OFFSET} or more are the unconditional
 * requests of the document with that much subtracted.
 */
public record RequestFileForm() implements TaskForm {
  static final int UNCONDITIONAL_OFFSET = 1_000_000;

  /** The documents, in the order of their first row. */
  List<TaskDocument> documents(String task, List<Item> rows) {
    Map<Integer, List<Item>> conditional = new LinkedHashMap<>();
    Map<Integer, List<Item>> unconditional = new LinkedHashMap<>();
    for (Item row : rows) {
      // A row of another kind (the generate_until twin of a gold_bpb row) asks nothing we score.
      if (row.text("request_type").equals("loglikelihood")) {
        int document = number(row, "doc_id");
        Map<Integer, List<Item>> side =
            document < UNCONDITIONAL_OFFSET ? conditional : unconditional;
        side.computeIfAbsent(document % UNCONDITIONAL_OFFSET, id -> new ArrayList<>()).add(row);
      }
    }
    List<TaskDocument> documents = new ArrayList<>();
    conditional.forEach(
        (id, options) ->
            documents.add(
                document(
                    task, documents.size(), options, unconditional.getOrDefault(id, List.of()))));
    return documents;
  }

  private static TaskDocument document(
      String task, int index, List<Item> options, List<Item> without) {
    Item first = options.get(0);
    if (!without.isEmpty() && without.size() != options.size()) {
      throw first.bad(
          "the document has %d conditional and %d unconditional requests"
              .formatted(options.size(), without.size()));
    }
    List<Loglikelihood> conditional = pairs(options);
    List<String> choices = new ArrayList<>();
    for (Loglikelihood pair : conditional) {
      choices.add(pair.continuation().stripLeading());
    }
    DocumentRequests requests =
        new DocumentRequests.Choice(choices, conditional, pairs(without), gold(first, options));
    String nativeId = first.textIfPresent("native_id").orElse(String.valueOf(index));
    return new TaskDocument(
        task, index, nativeId, first.fields().withObject("/doc").deepCopy(), requests);
  }

  /** A row of a document with one option holds the answer's text as its label. */
  private static int gold(Item first, List<Item> options) {
    return options.size() == 1 ? 0 : within(first, number(first, "label"), options.size());
  }

  private static int within(Item row, int label, int options) {
    if (label < 0 || label >= options) {
      throw row.bad("label %d is outside the %d options".formatted(label, options));
    }
    return label;
  }

  private static List<Loglikelihood> pairs(List<Item> rows) {
    List<Loglikelihood> pairs = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      Item row = rows.get(i);
      if (number(row, "idx") != i) {
        throw row.bad("option %s where option %d was due".formatted(row.text("idx"), i));
      }
      String continuation = row.text("request.continuation");
      if (continuation.isEmpty()) {
        throw row.bad("the continuation is empty");
      }
      pairs.add(new Loglikelihood(row.text("request.context"), continuation));
    }
    return pairs;
  }

  private static int number(Item row, String field) {
    try {
      return Integer.parseInt(row.text(field));
    } catch (NumberFormatException e) {
      throw row.bad("field \"%s\" is no whole number: %s".formatted(field, row.text(field)));
    }
  }
}
