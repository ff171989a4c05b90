package org.instella.conf.storage;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** The threads that wait for disks while others go on. */
final class WriteBehind {
  static final Executor THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "write-behind");
            thread.setDaemon(true);
            return thread;
          });

  private WriteBehind() {}
}
