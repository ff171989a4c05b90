package org.instella.jobs.demo;

import static org.instella.jobs.demo.DemoSource.capital;
import static org.instella.jobs.demo.DemoSource.pick;

import java.util.Random;

/** Short stories of one plot: somebody wants something, meets a hindrance, is helped, learns. */
final class Stories implements DemoSource {
  static final String[] NAMES = {
    "Mira", "Tom", "Lena", "Omar", "Ines", "Paul", "Nora", "Hugo", "Ada", "Felix", "Rosa", "Emil"
  };
  private static final String[] ANIMALS = {
    "fox", "hedgehog", "crow", "otter", "mouse", "badger", "owl", "goat", "hare", "duck"
  };
  private static final String[] PLACES = {
    "forest", "village", "harbour", "valley", "garden", "mill", "old tower", "meadow", "market"
  };
  private static final String[] THINGS = {
    "lantern",
    "kite",
    "red boat",
    "silver key",
    "drum",
    "blanket",
    "map",
    "basket of apples",
    "bell"
  };
  private static final String[] TRAITS = {"brave", "shy", "curious", "patient", "proud", "clever"};
  private static final String[] WEATHER = {
    "The sun was warm",
    "It rained softly",
    "A cold wind blew",
    "Snow lay on the roofs",
    "It was foggy"
  };

  @Override
  public String name() {
    return "stories";
  }

  @Override
  public String document(int number, Random random) {
    String hero = pick(random, NAMES);
    String animal = pick(random, ANIMALS);
    String place = pick(random, PLACES);
    String goal = pick(random, PLACES);
    String thing = pick(random, THINGS);
    String trait = pick(random, TRAITS);
    StringBuilder story = new StringBuilder();
    story.append(
        pick(
            random,
            "Once upon a time there was a %s child called %s who lived near the %s. "
                .formatted(trait, hero, place),
            "In a house by the %s lived %s, who was very %s. ".formatted(place, hero, trait),
            "%s was a %s child and lived close to the %s. ".formatted(hero, trait, place)));
    story.append(
        "%s. %s wanted to take a %s to the %s. "
            .formatted(pick(random, WEATHER), hero, thing, goal));
    story.append(trouble(random, hero, thing));
    story.append(
        pick(
            random,
            "Then a %s came along and asked, \"Why are you sad?\" ".formatted(animal),
            "A %s heard it and stopped. \"May I help you?\" it said. ".formatted(animal),
            "Behind a stone sat a %s. \"Do not worry,\" said the %s. ".formatted(animal, animal)));
    story.append(help(random, hero, animal, thing));
    story.append(
        "Together they went to the %s, and %s gave the %s a piece of bread. "
            .formatted(goal, hero, animal));
    story.append(
        pick(
            random,
            "From that day on the %s and %s were friends.".formatted(animal, hero),
            "%s learned that even a %s child may ask for help.".formatted(hero, trait),
            "In the evening %s hung the %s over the door and slept well.".formatted(hero, thing)));
    return story.append('\n').toString();
  }

  private static String trouble(Random random, String hero, String thing) {
    return pick(
        random,
        "But the bridge was broken, and the water was deep. ",
        "But on the way the %s fell into a well. ".formatted(thing),
        "But the path was long, and soon it was dark. ",
        "But the gate was locked, and nobody was there. %s sat down and cried. ".formatted(hero));
  }

  private static String help(Random random, String hero, String animal, String thing) {
    return pick(
        random,
        "%s told the whole story. The %s thought for a while and knew a way. "
            .formatted(hero, animal),
        "The %s whistled three times, and all its friends came to carry the %s. "
            .formatted(animal, thing),
        "\"%s,\" said the %s, \"follow me, I know these stones.\" "
            .formatted(capital(hero), animal));
  }
}
