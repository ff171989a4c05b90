package org.instella.train.parallel;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.EnvironmentException;

/**
 * The few functions of CUDA's or HIP's runtime that waiting for a card takes; both have them under
 * the same names but for the first syllable.
 *
 * <p>All work goes to the default stream, where libtorch puts its kernels too: a collective starts
 * when the kernels before it are done, and kernels after it see its result.
 */
final class CardRuntime {
  static final Pointer DEFAULT_STREAM = Pointer.NULL;
  private static final int SUCCESS = 0;

  /** {@code cudaErrorNotReady} and {@code hipErrorNotReady}. */
  private static final int NOT_READY = 600;

  private static final List<String> CUDA = List.of("libcudart.so.12", "libcudart.so.13", "cudart");
  private static final List<String> HIP = List.of("libamdhip64.so.6", "libamdhip64.so", "amdhip64");

  private final NativeLibrary library;
  private final String prefix;

  private CardRuntime(NativeLibrary library, String prefix) {
    this.library = library;
    this.prefix = prefix;
  }

  /**
   * Opens the runtime.
   *
   * @param hip AMD's rather than NVIDIA's
   */
  static CardRuntime open(boolean hip) {
    List<String> failures = new ArrayList<>();
    for (String name : hip ? HIP : CUDA) {
      try {
        return new CardRuntime(NativeLibrary.getInstance(name), hip ? "hip" : "cuda");
      } catch (UnsatisfiedLinkError e) {
        failures.add(name);
      }
    }
    throw new EnvironmentException(
        ParallelError.LIBRARY_MISSING,
        "The runtime of the card could not be opened; tried %s. Put its folder into LD_LIBRARY_PATH of the executors (spark.executorEnv.LD_LIBRARY_PATH)"
            .formatted(String.join(", ", failures)));
  }

  /** Makes a card the one that the calling thread talks to. */
  void use(int card) {
    check(call("SetDevice", card), "SetDevice");
  }

  /** Whether all that was asked of the card so far is done. */
  boolean idle() {
    int result = call("StreamQuery", DEFAULT_STREAM);
    if (result == NOT_READY) {
      return false;
    }
    check(result, "StreamQuery");
    return true;
  }

  private int call(String name, Object... arguments) {
    return library.getFunction(prefix + name).invokeInt(arguments);
  }

  private void check(int result, String name) {
    if (result != SUCCESS) {
      Function text = library.getFunction(prefix + "GetErrorString");
      throw new EnvironmentException(
          ParallelError.CARD_FAILED,
          "%s%s failed with %d: %s"
              .formatted(prefix, name, result, text.invokeString(new Object[] {result}, false)));
    }
  }
}
