package org.instella.jobs.demo;

import static org.instella.jobs.demo.DemoSource.pick;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Questions and answers about an invented country of twenty-four towns: a model can only know them
 * from this text, so the share of right answers shows what it learned.
 */
final class Questions implements DemoSource {
  private static final String[] TOWNS = {
    "Belmar", "Corvin", "Dorwick", "Elsta", "Farno", "Gildau", "Harrow", "Istel", "Jorun", "Kelby",
    "Lorren", "Mostar", "Nivelle", "Ostrow", "Perlin", "Quorn", "Ravell", "Sandau", "Tirol",
        "Ulmen",
    "Varna", "Welden", "Yarrow", "Zelin"
  };
  private static final String[] RIVERS = {"Aune", "Brill", "Cedra", "Dwina", "Esk", "Fulda"};
  private static final String[] TRADES = {
    "glass", "bread", "wool", "salt", "clocks", "honey", "boats", "paper"
  };
  private static final String[] COLOURS = {"red", "green", "blue", "yellow", "white", "black"};

  private static final String RIVER =
      "Question: On which river does %s lie?\nAnswer: %s lies on the";
  private static final String TRADE =
      "Question: What is made in %s?\nAnswer: The people of %s make";
  private static final String COLOUR =
      "Question: What is the colour of the flag of %s?\nAnswer: The flag of %s is";

  /** What is true of one town. */
  private record Town(String name, String river, String trade, String colour) {}

  /** A question with its answers, the right one at {@code gold}. */
  record Choice(String context, List<String> choices, int gold) {}

  private final List<Town> towns = new ArrayList<>();

  Questions(long seed) {
    Random random = new Random(seed);
    for (String name : TOWNS) {
      towns.add(new Town(name, pick(random, RIVERS), pick(random, TRADES), pick(random, COLOURS)));
    }
  }

  @Override
  public String name() {
    return "questions";
  }

  @Override
  public String document(int number, Random random) {
    StringBuilder text = new StringBuilder();
    int turns = 3 + random.nextInt(4);
    for (int i = 0; i < turns; i++) {
      Town town = towns.get(random.nextInt(towns.size()));
      text.append(
          switch (random.nextInt(4)) {
            case 0 -> asked(RIVER, town.name(), town.river());
            case 1 -> asked(TRADE, town.name(), town.trade());
            case 2 -> asked(COLOUR, town.name(), town.colour());
            default ->
                "%s lies on the %s and its people make %s. The flag of %s is %s.\n"
                    .formatted(town.name(), town.river(), town.trade(), town.name(), town.colour());
          });
    }
    return text.toString();
  }

  private static String asked(String template, String town, String answer) {
    return "%s %s.\n".formatted(template.formatted(town, town), answer);
  }

  /** Multiple choice over all towns: four answers each. */
  List<Choice> choices() {
    List<Choice> all = new ArrayList<>();
    for (Town town : towns) {
      all.add(choice(RIVER, town, town.river(), RIVERS, all.size()));
      all.add(choice(TRADE, town, town.trade(), TRADES, all.size()));
      all.add(choice(COLOUR, town, town.colour(), COLOURS, all.size()));
    }
    return all;
  }

  private static Choice choice(
      String template, Town town, String right, String[] values, int number) {
    Random random = new Random(number);
    List<String> choices = new ArrayList<>(List.of(right));
    while (choices.size() < 4) {
      String other = pick(random, values);
      if (!choices.contains(other)) {
        choices.add(other);
      }
    }
    int gold = number % 4;
    java.util.Collections.swap(choices, 0, gold);
    return new Choice(template.formatted(town.name(), town.name()), choices, gold);
  }
}
