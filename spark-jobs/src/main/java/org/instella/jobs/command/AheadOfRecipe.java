package org.instella.jobs.command;

import java.util.List;
import org.instella.conf.settings.Recipe;

/**
 * What reading a recipe needs of libraries for JSON and HOCON, made ready while another core still
 * reads the command line: two thirds of the way to the recipe of a command that is over in a
 * second.
 */
final class AheadOfRecipe {
  private static Thread thread;

  private AheadOfRecipe() {}

  /** Begins; at most once in a process, by its first thread. */
  static void begin() {
    thread = new Thread(AheadOfRecipe::run, "ahead-of-recipe");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Waits for the end of it, where it was begun: two threads that initialise classes of one library
   * at once could wait for each other for ever.
   */
  static void await() {
    try {
      if (thread != null) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void run() {
    String nothing = Hocon.texts(List.of("nothing"));
    Recipe.ofSets(List.of("ahead=" + nothing)).root().ignoring("ahead").finish();
  }
}
