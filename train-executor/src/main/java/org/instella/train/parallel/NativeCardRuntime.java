package org.instella.train.parallel;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.EnvironmentException;

/** CUDA or HIP: the same functions and numbers under names that differ in their first syllable. */
final class NativeCardRuntime implements CardRuntime {
  private static final int SUCCESS = 0;

  /** {@code cudaErrorNotReady} and {@code hipErrorNotReady}. */
  private static final int NOT_READY = 600;

  /** {@code cudaStreamNonBlocking} and {@code hipStreamNonBlocking}. */
  private static final int NON_BLOCKING = 1;

  /** {@code cudaEventDisableTiming} and {@code hipEventDisableTiming}. */
  private static final int WITHOUT_TIMES = 2;

  private static final List<String> CUDA = List.of("libcudart.so.12", "libcudart.so.13", "cudart");
  private static final List<String> HIP = List.of("libamdhip64.so.6", "libamdhip64.so", "amdhip64");

  private final NativeLibrary library;
  private final String prefix;

  private NativeCardRuntime(NativeLibrary library, String prefix) {
    this.library = library;
    this.prefix = prefix;
  }

  static NativeCardRuntime open(boolean hip) {
    List<String> failures = new ArrayList<>();
    for (String name : hip ? HIP : CUDA) {
      try {
        return new NativeCardRuntime(NativeLibrary.getInstance(name), hip ? "hip" : "cuda");
      } catch (UnsatisfiedLinkError e) {
        failures.add(name);
      }
    }
    throw new EnvironmentException(
        ParallelError.LIBRARY_MISSING,
        "The runtime of the card could not be opened; tried %s. Put its folder into LD_LIBRARY_PATH of the executors (spark.executorEnv.LD_LIBRARY_PATH)"
            .formatted(String.join(", ", failures)));
  }

  @Override
  public void use(int card) {
    check("SetDevice", card);
  }

  @Override
  public Pointer newStream() {
    PointerByReference made = new PointerByReference();
    check("StreamCreateWithFlags", made, NON_BLOCKING);
    return made.getValue();
  }

  @Override
  public void destroyStream(Pointer stream) {
    check("StreamDestroy", stream);
  }

  @Override
  public Pointer newEvent() {
    PointerByReference made = new PointerByReference();
    check("EventCreateWithFlags", made, WITHOUT_TIMES);
    return made.getValue();
  }

  @Override
  public void destroyEvent(Pointer event) {
    check("EventDestroy", event);
  }

  @Override
  public void record(Pointer event, Pointer stream) {
    check("EventRecord", event, stream);
  }

  @Override
  public void await(Pointer stream, Pointer event) {
    check("StreamWaitEvent", stream, event, 0);
  }

  @Override
  public boolean idle(Pointer stream) {
    int result = call("StreamQuery", stream);
    if (result == NOT_READY) {
      return false;
    }
    check(result, "StreamQuery");
    return true;
  }

  private int call(String name, Object... arguments) {
    return library.getFunction(prefix + name).invokeInt(arguments);
  }

  private void check(String name, Object... arguments) {
    check(call(name, arguments), name);
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
