package org.instella.model.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;

/**
 * Where a program runs, and with how many threads.
 *
 * <p>The thread count belongs to the numbers of a run: sums of one and of two threads differ in
 * their last bits. It is pinned before every call, for the calling thread only, so that ranks which
 * are threads of one JVM do not disturb each other.
 *
 * @param kind CPU or GPU; CUDA and ROCm cards are both GPU, libtorch addresses them alike
 * @param index number of the card, 0 for the CPU
 * @param threads threads inside one operator on the CPU
 */
public record TorchDevice(Kind kind, int index, int threads) {
  private static final Pattern NAME = Pattern.compile("cpu|gpu(?::(\\d{1,3}))?");

  /** Kinds of devices. */
  public enum Kind {
    CPU,
    GPU
  }

  public TorchDevice {
    if (threads < 1 || index < 0) {
      throw new IllegalArgumentException(
          "threads must be at least 1 and index at least 0, but are " + threads + " and " + index);
    }
  }

  public static TorchDevice cpu(int threads) {
    return new TorchDevice(Kind.CPU, 0, threads);
  }

  public static TorchDevice gpu(int index) {
    return new TorchDevice(Kind.GPU, index, 1);
  }

  /**
   * Reads {@code cpu}, {@code gpu} or {@code gpu:N}.
   *
   * @throws ConfigurationException for any other name
   */
  public static TorchDevice parse(String name, int threads) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw new ConfigurationException(
          TorchError.DEVICE_UNKNOWN,
          "Unknown device '%s'; use cpu, gpu or gpu:N with the number of the card".formatted(name));
    }
    if (name.equals("cpu")) {
      return cpu(threads);
    }
    int index = matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1));
    return new TorchDevice(Kind.GPU, index, threads);
  }

  /**
   * Makes sure that libtorch runs here and that this device exists.
   *
   * @throws EnvironmentException if libtorch cannot be loaded or the card is missing; the CPU is
   *     never taken instead
   */
  public void require() {
    Engine engine = TorchEngine.start();
    if (kind == Kind.CPU) {
      return;
    }
    int cards = engine.getGpuCount();
    if (index >= cards) {
      throw new EnvironmentException(
          TorchError.DEVICE_MISSING,
          ("Device %s was asked for, but libtorch %s sees %d GPU(s) here. Put a CUDA build of"
                  + " libtorch on the class path (ai.djl.pytorch:pytorch-native-cu128) or name a"
                  + " ROCm build with PYTORCH_LIBRARY_PATH, check the driver, or ask for the CPU"
                  + " with --device cpu")
              .formatted(this, engine.getVersion(), cards));
    }
  }

  Device djl() {
    return switch (kind) {
      case CPU -> Device.cpu();
      case GPU -> Device.gpu(index);
    };
  }

  @Override
  public String toString() {
    return switch (kind) {
      case CPU -> "cpu";
      case GPU -> "gpu:" + index;
    };
  }
}
