package org.instella.model.torch;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import org.instella.conf.error.EnvironmentException;

/** Starts libtorch once per JVM, and pins what libtorch keeps per thread. */
final class TorchEngine {
  private static final String NAME = "PyTorch";

  /** Threads that the current Java thread has told libtorch to use; 0 before its first call. */
  private static final ThreadLocal<Integer> PINNED = ThreadLocal.withInitial(() -> 0);

  private TorchEngine() {}

  /**
   * The engine, loaded without looking at the network.
   *
   * @throws EnvironmentException if the native libraries cannot be found, unpacked or loaded
   */
  static Engine start() {
    // DJL asks a cloud metadata service and a download server unless told not to.
    setUnlessSet("ai.djl.offline", "true");
    setUnlessSet("OPT_OUT_TRACKING", "true");
    try {
      return Engine.getEngine(NAME);
    } catch (RuntimeException | UnsatisfiedLinkError | NoClassDefFoundError e) {
      throw new EnvironmentException(
          TorchError.ENGINE_MISSING,
          ("libtorch cannot be loaded (%s). Check that ai.djl.pytorch:pytorch-native-* is on the"
                  + " class path, that the folder named by DJL_CACHE_DIR (default: .djl.ai in the"
                  + " home folder) is writable and has 500 MB free, or name a library folder with"
                  + " PYTORCH_LIBRARY_PATH")
              .formatted(e.getMessage()),
          e);
    }
  }

  /**
   * Gives the calling thread its number of intra-operator threads and libtorch's plain graph
   * executor. Both are state of the thread: the default executor would profile and recompile the
   * program in its first runs, on every thread anew.
   */
  static void pin(int threads) {
    if (PINNED.get() != threads) {
      JniUtils.setNumThreads(threads);
      JniUtils.setGraphExecutorOptimize(false);
      PINNED.set(threads);
    }
  }

  private static void setUnlessSet(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }
}
