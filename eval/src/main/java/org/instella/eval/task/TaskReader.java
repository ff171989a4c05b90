package org.instella.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.eval.metric.ChoiceMetric;
import org.instella.eval.metric.ExactMatch;
import org.instella.eval.metric.GenerationMetric;
import org.instella.eval.metric.Metric;

/** Reads a task file; all that is wrong with it is said at once. */
final class TaskReader {
  private static final int UNLIMITED = Integer.MAX_VALUE;

  private enum Form {
    MULTIPLE_CHOICE,
    GENERATION,
    REQUEST_FILE
  }

  private enum Delimiter {
    SPACE,
    NONE
  }

  private TaskReader() {}

  /**
   * @throws org.instella.conf.error.ConfigurationException listing every problem of the file
   */
  static EvalTask read(String name, String hocon, String origin) {
    Settings file = Recipe.parse(hocon, origin).root();
    EvalTask task = from(name, file);
    file.finish();
    return task;
  }

  private static EvalTask from(String name, Settings file) {
    Form form = file.choice("form", "how rows become requests", Form.class).required();
    return new EvalTask(
        name,
        file.integer("version", "raised whenever a score may change").atLeast(1).required(),
        file.text("about", "one line for people").required(),
        file.texts("items", "places of the rows under the data folder").orElse(List.of()),
        file.text("id", "field with the row's own name").optional(),
        file.optionalSection("sample", "fixed random subset").map(TaskReader::sample),
        file.text("split-by", "field that splits the task into subtasks").optional(),
        file.choice("aggregation", "mean over subtasks", Aggregation.class)
            .orElse(Aggregation.MACRO),
        fields(file),
        file.optionalSection("few-shot", "worked examples")
            .map(TaskReader::fewShot)
            .orElse(FewShot.NONE),
        switch (form) {
          case MULTIPLE_CHOICE -> choice(file);
          case GENERATION -> generation(file);
          case REQUEST_FILE -> new RequestFileForm();
        },
        metrics(file, form),
        file.optionalSection("match", "normalisation of exact_match")
            .map(TaskReader::matching)
            .orElse(ExactMatch.STRICT));
  }

  private static ChoiceForm choice(Settings file) {
    Settings choices = file.section("choices", "the answers to choose from");
    Settings gold = file.section("gold", "which answer is right");
    return new ChoiceForm(
        template(file, "description", file.text("description", "head of the prompt").orElse(NO)),
        templates(file, "prompt", file.texts("prompt", "one, or one per choice").required()),
        choiceList(choices),
        new GoldRule(
            template(gold, "value", gold.text("value", "what the row says").required()),
            steps(gold, "steps"),
            gold.texts("among", "place in this list").orElse(List.of()),
            gold.text("among-field", "place in this list of the row").optional()),
        file.choice("delimiter", "between context and choice", Delimiter.class)
                    .orElse(Delimiter.SPACE)
                == Delimiter.SPACE
            ? " "
            : "",
        file.text("unconditional", "context that says nothing").optional());
  }

  /** Stands for "no text" where a key may be left out; texts in recipes are never blank. */
  private static final String NO = "";

  private static ChoiceList choiceList(Settings choices) {
    List<String> each = choices.texts("each", "one template per answer").orElse(List.of());
    Optional<String> list = choices.text("list", "field with the list of answers").optional();
    if (each.isEmpty() == list.isEmpty()) {
      choices.problem("list", "give either list or each");
    }
    return new ChoiceList(
        templates(choices, "each", each),
        list,
        steps(choices, "steps"),
        choices
            .text("letters", "line of one option; the model then chooses a letter")
            .optional()
            .map(text -> template(choices, "letters", text)));
  }

  private static GenerationForm generation(Settings file) {
    Settings target = file.section("target", "the right answer");
    Settings answer = file.section("answer", "how an answer is cut out of a text");
    return new GenerationForm(
        template(file, "description", file.text("description", "head of the prompt").orElse(NO)),
        template(file, "prompt", file.text("prompt", "the question").required()),
        template(file, "shot-answer", file.text("shot-answer", "of an example").orElse(NO)),
        new DerivedField(
            "target",
            template(target, "from", target.text("from", "template").required()),
            steps(target, "steps")),
        new AnswerExtractor(
            steps(answer, "steps"),
            patterns(answer, "patterns", answer.texts("patterns", "in order").orElse(List.of()))),
        // A setting may not be blank, so that a stop of line feeds is written with escapes.
        file.texts("stops", "texts that end the answer").orElse(List.of()).stream()
            .map(String::translateEscapes)
            .toList(),
        file.integer("max-new-tokens", "longest answer").atLeast(1).orElse(256),
        file.flag("cut-context", "a long prompt loses its left end").orElse(true));
  }

  private static ExactMatch matching(Settings match) {
    return new ExactMatch(
        patterns(match, "ignore", match.texts("ignore", "patterns to delete").orElse(List.of())),
        match.flag("ignore-case", "").orElse(false),
        match.flag("ignore-punctuation", "").orElse(false),
        match.flag("ignore-numbers", "").orElse(false));
  }

  private static List<Metric> metrics(Settings file, Form form) {
    List<Metric> metrics = new ArrayList<>();
    for (String id : file.texts("metrics", "the primary one first").atLeast(1).required()) {
      Optional<? extends Metric> metric =
          form == Form.GENERATION ? GenerationMetric.named(id) : ChoiceMetric.named(id);
      metric.ifPresentOrElse(
          metrics::add,
          () -> file.problem("metrics", "no metric \"%s\" for %s".formatted(id, form)));
    }
    return metrics;
  }

  private static List<DerivedField> fields(Settings file) {
    List<DerivedField> fields = new ArrayList<>();
    for (Settings field : file.sections("fields", "computed fields, in order")) {
      fields.add(
          new DerivedField(
              field.text("name", "name of the new field").required(),
              template(field, "from", field.text("from", "template").required()),
              steps(field, "steps")));
    }
    return fields;
  }

  private static Sample sample(Settings sample) {
    return new Sample(
        sample.integer("count", "documents scored").atLeast(1).orElse(UNLIMITED),
        sample.longInteger("seed", "of Python's random.Random").atLeast(0).required());
  }

  private static FewShot fewShot(Settings shots) {
    return new FewShot(
        shots.integer("count", "examples, the first of the file").atLeast(0).required(),
        shots.texts("items", "places of the examples").required(),
        shots.text("same", "only examples that agree in this field").optional());
  }

  private static List<TextStep> steps(Settings section, String key) {
    List<String> steps = section.texts(key, "done one after the other").orElse(List.of());
    return orProblem(section, key, steps, TextSteps::parse, List.of());
  }

  private static List<Template> templates(Settings section, String key, List<String> texts) {
    return texts.stream().map(text -> template(section, key, text)).toList();
  }

  private static Template template(Settings section, String key, String text) {
    return orProblem(section, key, text, Template::of, Template.of(""));
  }

  private static List<Pattern> patterns(Settings section, String key, List<String> texts) {
    return texts.stream()
        .map(text -> orProblem(section, key, text, TextSteps::pythonPattern, Pattern.compile("")))
        .toList();
  }

  private static <A, B> B orProblem(
      Settings section, String key, A value, Function<A, B> reader, B placeholder) {
    try {
      return reader.apply(value);
    } catch (IllegalArgumentException e) {
      section.problem(key, e.getMessage());
      return placeholder;
    }
  }
}
