package org.instella.jobs.progress;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/**
 * Ctrl-C and SIGTERM of the driver as a wish: long work sees it, saves its state and ends with its
 * own exit code. The second signal ends the process at once.
 *
 * <p>A shutdown hook would come too late: Spark's own hook stops the context at the same time, and
 * the checkpoint could not be written any more.
 */
public final class StopSignal {
  private static final Logger log = LoggerFactory.getLogger(StopSignal.class);
  private static final AtomicBoolean requested = new AtomicBoolean();

  private StopSignal() {}

  /** Takes over the two signals for the rest of this process. */
  public static void install() {
    for (String name : new String[] {"INT", "TERM"}) {
      try {
        Signal.handle(new Signal(name), signal -> onSignal(signal.getName()));
      } catch (IllegalArgumentException reserved) {
        log.debug("signal {} belongs to the virtual machine (-Xrs)", name);
      }
    }
  }

  private static void onSignal(String name) {
    if (requested.getAndSet(true)) {
      Runtime.getRuntime().halt(130);
    }
    log.warn("SIG{}: saving and stopping; once more to end at once", name);
  }

  public static boolean requested() {
    return requested.get();
  }

  /** For embedding and tests: asks for a stop as the signal would. */
  public static void request() {
    requested.set(true);
  }

  /** For embedding and tests: forgets a former request. */
  public static void reset() {
    requested.set(false);
  }
}
