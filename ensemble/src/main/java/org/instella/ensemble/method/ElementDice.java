package org.instella.ensemble.method;

import java.nio.charset.StandardCharsets;

/**
 * A number in [0, 1) for every element of every model: a pure function of seed, tensor name, place
 * of the model in the list and index, so any thread may ask in any order (splitmix64 of Steele et
 * al. 2014 as a counter-based generator).
 */
final class ElementDice {
  private static final long GAMMA = 0x9e3779b97f4a7c15L;

  private final long[] keys;

  private ElementDice(long[] keys) {
    this.keys = keys;
  }

  static ElementDice of(long seed, String tensor, int models) {
    long name = 0xcbf29ce484222325L; // FNV-1a
    for (byte b : tensor.getBytes(StandardCharsets.UTF_8)) {
      name = (name ^ (b & 0xff)) * 0x100000001b3L;
    }
    long[] keys = new long[models];
    for (int m = 0; m < models; m++) {
      keys[m] = mix(mix(mix(seed + GAMMA) ^ name) + (m + 1) * GAMMA);
    }
    return new ElementDice(keys);
  }

  double roll(int model, long index) {
    return (mix(keys[model] + (index + 1) * GAMMA) >>> 11) * 0x1p-53;
  }

  private static long mix(long z) {
    long x = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
