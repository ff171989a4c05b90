package org.instella.jobs.demo;

import java.util.Random;

/** Writes the documents of one source. */
interface DemoSource {
  String name();

  /** The document of a number; a pure function of the random numbers given. */
  String document(int number, Random random);

  /** One of the given words. */
  static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }

  /** {@code word} with a capital first letter. */
  static String capital(String word) {
    return Character.toUpperCase(word.charAt(0)) + word.substring(1);
  }
}
