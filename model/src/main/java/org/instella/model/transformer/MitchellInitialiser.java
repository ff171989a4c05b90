package org.instella.model.transformer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;

/**
 * The "mitchell" initialisation of OLMo and Instella: normal with mean 0, cut at three standard
 * deviations; the standard deviation is 1/sqrt(inputs), and for the matrices that write to the
 * residual stream of block i (from 0) 1/sqrt(2 * inputs * (i + 1)). Norm weights are 1.
 *
 * <p>Element i of a tensor is a pure function of (seed, tensor name, i): neither threads nor the
 * shapes of other tensors have a part in it. Strict mathematics makes it equal on every machine.
 */
final class MitchellInitialiser {
  private static final double CUT = 3;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final int PART = 1 << 16;

  private MitchellInitialiser() {}

  static void fill(FlatParameters parameters, long seed) {
    parameters.writeOnHost(host -> fillOnHost(host, seed));
  }

  private static void fillOnHost(FlatParameters parameters, long seed) {
    for (TensorSpec tensor : parameters.tensors()) {
      double deviation = deviation(tensor, parameters.config());
      long key = key(seed, tensor.name());
      long parts = (tensor.elements() + PART - 1) / PART;
      for (long first = 0; first < parts; first += Integer.MAX_VALUE) {
        int count = (int) Math.min(parts - first, Integer.MAX_VALUE);
        long base = first;
        IntStream.range(0, count)
            .parallel()
            .forEach(part -> fillPart(parameters, tensor, (base + part) * PART, deviation, key));
      }
    }
  }

  private static void fillPart(
      FlatParameters parameters, TensorSpec tensor, long from, double deviation, long key) {
    long to = Math.min(tensor.elements(), from + PART);
    ByteBuffer out;
    synchronized (parameters) { // a scope is not for two threads at a time
      out = parameters.buffer().bytes(tensor.offset() + from, tensor.offset() + to);
    }
    for (long i = from; i < to; i++) {
      double value = deviation == 0 ? 1 : deviation * cutNormal(key, i);
      switch (parameters.buffer().precision()) {
        case FLOAT32 -> out.putFloat((float) value);
        case FLOAT64 -> out.putDouble((float) value);
      }
    }
  }

  /** Standard deviation; 0 stands for a norm, whose weights are 1. */
  private static double deviation(TensorSpec tensor, TransformerConfig config) {
    if (tensor.shape().size() == 1) {
      return 0;
    }
    if (tensor.name().equals(TransformerConfig.EMBEDDING)) {
      return 1 / Math.sqrt(config.hiddenSize());
    }
    double inputs = tensor.shape().get(1);
    boolean writesToResidual =
        tensor.name().endsWith("o_proj.weight") || tensor.name().endsWith("down_proj.weight");
    if (!writesToResidual) {
      return 1 / Math.sqrt(inputs);
    }
    int layer = Integer.parseInt(tensor.name().split("\\.", -1)[2]);
    return 1 / Math.sqrt(2 * inputs * (layer + 1));
  }

  /** A normal draw of mean 0 and deviation 1, drawn again until it lies within the cut. */
  private static double cutNormal(long key, long index) {
    long state = mix(key + index * GOLDEN);
    while (true) {
      state += GOLDEN;
      double first = unit(mix(state));
      state += GOLDEN;
      double second = unit(mix(state));
      // Box and Muller 1958; 1 - first is in (0, 1].
      double radius = Math.sqrt(-2 * StrictMath.log(1 - first));
      double value = radius * StrictMath.cos(2 * Math.PI * second);
      if (Math.abs(value) <= CUT) {
        return value;
      }
    }
  }

  private static double unit(long bits) {
    return (bits >>> 11) * 0x1.0p-53;
  }

  /** Two rounds of multiply and shift: each bit of the result depends on each bit of the input. */
  private static long mix(long bits) {
    bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
    return bits ^ (bits >>> 31);
  }

  private static long key(long seed, String name) {
    long key = mix(seed);
    for (byte letter : name.getBytes(StandardCharsets.UTF_8)) {
      key = mix(key + letter + GOLDEN);
    }
    return key;
  }
}
