package org.instella.train;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What a run has opened, closed in reverse order: parts that are built one after the other and must
 * all be freed when a later one fails. The first failure to close is thrown, with the others
 * attached.
 */
final class Resources implements AutoCloseable {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  <T extends AutoCloseable> T own(T resource) {
    opened.push(resource);
    return resource;
  }

  @Override
  public void close() {
    RuntimeException first = null;
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        RuntimeException failure =
            e instanceof RuntimeException known ? known : new IllegalStateException(e);
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
