package org.instella.ensemble.method;

/**
 * The module jdk.incubator.vector. Named on the command line it makes Java put its module graph
 * together anew at every start, which takes longer than the merge of a small model; so it is taken
 * in when a merge is large enough to need it.
 */
final class VectorModule {
  private static final String NAME = "jdk.incubator.vector";

  /**
   * True where Java was started with {@code --add-modules jdk.incubator.vector}, or takes it in
   * now: Java 17 with {@code --add-exports java.base/jdk.internal.module=ALL-UNNAMED}.
   */
  static final boolean PRESENT = ModuleLayer.boot().findModule(NAME).isPresent() || takenIn();

  private VectorModule() {}

  /** As Java itself takes in the modules of its agents. */
  private static boolean takenIn() {
    try {
      Class.forName("jdk.internal.module.Modules")
          .getMethod("loadModule", String.class)
          .invoke(null, NAME);
      return true;
    } catch (ReflectiveOperationException | RuntimeException e) {
      return false; // plain loops do it too
    }
  }
}
