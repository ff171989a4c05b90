package org.instella.jobs.demo;

import static org.instella.jobs.demo.DemoSource.pick;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Word problems of one or two steps with the steps written out, as GSM8K writes them. */
final class Arithmetic implements DemoSource {
  private static final String[] GOODS = {
    "apples", "marbles", "stamps", "shells", "pencils", "nuts"
  };

  /** One problem. */
  private record Problem(String question, String steps, int answer) {
    String text() {
      return "Problem: %s\nSolution: %s The answer is %d.\n".formatted(question, steps, answer);
    }
  }

  @Override
  public String name() {
    return "arithmetic";
  }

  @Override
  public String document(int number, Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      text.append(problem(random).text());
    }
    return text.toString();
  }

  private static Problem problem(Random random) {
    String name = pick(random, Stories.NAMES);
    String goods = pick(random, GOODS);
    int a = 2 + random.nextInt(18);
    int b = 2 + random.nextInt(9);
    return switch (random.nextInt(4)) {
      case 0 ->
          new Problem(
              "%s has %d %s and finds %d more. How many %s are there now?"
                  .formatted(name, a, goods, b, goods),
              "%d + %d = %d.".formatted(a, b, a + b),
              a + b);
      case 1 ->
          new Problem(
              "%s has %d %s and gives away %d. How many %s are left?"
                  .formatted(name, a + b, goods, b, goods),
              "%d - %d = %d.".formatted(a + b, b, a),
              a);
      case 2 ->
          new Problem(
              "%s has %d bags with %d %s each. How many %s is that?"
                  .formatted(name, b, a, goods, goods),
              "%d * %d = %d.".formatted(b, a, a * b),
              a * b);
      default -> {
        int c = 1 + random.nextInt(9);
        yield new Problem(
            "%s has %d %s, finds %d and then loses %d. How many %s are left?"
                .formatted(name, a, goods, b + c, c, goods),
            "%d + %d = %d. %d - %d = %d.".formatted(a, b + c, a + b + c, a + b + c, c, a + b),
            a + b);
      }
    };
  }

  /** Multiple choice: the worked steps are given, the answer is to be chosen from four numbers. */
  List<Questions.Choice> choices(int count, long seed) {
    List<Questions.Choice> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Random random = new Random(seed + i);
      Problem problem = problem(random);
      Set<Integer> answers = new LinkedHashSet<>(List.of(problem.answer()));
      while (answers.size() < 4) {
        answers.add(Math.max(0, problem.answer() - 6 + random.nextInt(13)));
      }
      List<String> choices = new ArrayList<>(answers.stream().map(String::valueOf).toList());
      java.util.Collections.swap(choices, 0, i % 4);
      all.add(
          new Questions.Choice(
              "Problem: %s\nSolution: %s The answer is"
                  .formatted(problem.question(), problem.steps()),
              choices,
              i % 4));
    }
    return all;
  }
}
