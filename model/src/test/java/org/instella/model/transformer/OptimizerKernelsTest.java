package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerKernelsTest {
  private static final int CHUNK = OptimizerKernels.CHUNK;
  private final TorchDevice device = TorchDevice.cpu(1);
  private final OptimizerKernels kernels = new OptimizerKernels(device);
  private final List<FlatBuffer> buffers = new ArrayList<>();

  @AfterEach
  void close() {
    buffers.forEach(FlatBuffer::close);
    kernels.close();
  }

  /** Values of torch.optim.AdamW 2.13 in float64 after three steps with these settings. */
  @ParameterizedTest(name = "gradient scale {0}")
  @ValueSource(doubles = {1.0, 0.25})
  void adamwGivesTheWeightsOfPyTorch(double scale) {
    float[][] gradients = {
      {0.1f, -0.2f, 0.3f, 1e-5f, -4, 0, 2},
      {-0.3f, -0.1f, 0.25f, 3e-4f, 5, 0, -1},
      {0.05f, 0.4f, -0.2f, -1e-3f, 2.5f, 0, 0.5f}
    };
    double[] expected =
        scale == 1.0
            ? new double[] {
              0.4988537117014378,
              -1.2436703637263982,
              2.990144148357726,
              -0.0029697531550793637,
              -0.7478682577291772,
              1.998200539946,
              -0.0048421128393531295
            }
            : new double[] {
              0.4988537122702918,
              -1.2436703646465896,
              2.990144149122564,
              -0.0029605497009085775,
              -0.7478682577404328,
              1.998200539946,
              -0.004842112754962231
            };
    FlatBuffer p = buffer(new float[] {0.5f, -1.25f, 3, 0.001f, -0.75f, 2, 1e-6f});
    FlatBuffer g = buffer(new float[7]);
    FlatBuffer m = buffer(new float[7]);
    FlatBuffer v = buffer(new float[7]);
    for (int step = 1; step <= 3; step++) {
      floats(g).put(gradients[step - 1]);
      kernels.adamw(p, g, m, v, 0, 7, 0, step, 3e-3, 0.9, 0.95, 1e-8, 0.1, scale);
    }
    // The distance to PyTorch is rounding of float32; a step moves a weight by about 3e-3.
    for (int i = 0; i < 7; i++) {
      assertThat((double) floats(p).get(i)).as("weight %d", i).isEqualTo(expected[i], within(5e-7));
    }
    assertThat(floats(g).get(4)).as("gradients are not written").isEqualTo(2.5f);
  }

  @Test
  void adamwAgreesWithADoubleLoopOverManyBlocks() {
    int length = OptimizerKernels.BLOCK * 2 + 5 * CHUNK;
    FlatBuffer p = gaussian(length, 1);
    FlatBuffer g = gaussian(length, 2);
    FlatBuffer m = buffer(new float[length]);
    FlatBuffer v = buffer(new float[length]);
    float[] before = copy(p);
    kernels.adamw(p, g, m, v, 0, length, 0, 1, 1e-2, 0.9, 0.95, 1e-8, 0.1, 0.5);
    for (int i = 0; i < length; i++) {
      double gradient = 0.5 * floats(g).get(i);
      double decayed = before[i] * (1 - 1e-2 * 0.1);
      double expected = decayed - 1e-2 * gradient / (Math.abs(gradient) + 1e-8);
      if (Math.abs(floats(p).get(i) - expected) > 1e-6) {
        assertThat((double) floats(p).get(i)).as("weight %d", i).isEqualTo(expected, within(1e-6));
      }
    }
  }

  @ParameterizedTest(name = "{0} slices")
  @ValueSource(ints = {2, 4, 64})
  void slicesGiveTheBitsOfTheWholeBuffer(int slices) {
    int length = 1 << 20;
    FlatBuffer g = gaussian(length, 5);
    List<float[]> results = new ArrayList<>();
    List<double[]> norms = new ArrayList<>();
    for (int parts : new int[] {1, slices}) {
      FlatBuffer p = gaussian(length, 4);
      FlatBuffer m = gaussian(length, 6);
      FlatBuffer v = buffer(new float[length]);
      kernels.addInto(v, g, 0, length);
      kernels.scale(v, 0, length, 0.0);
      double[] sums = new double[length / CHUNK];
      for (int part = 0; part < parts; part++) {
        long from = (long) length / parts * part;
        long to = (long) length / parts * (part + 1);
        kernels.adamw(p, g, m, v, from, to, 0, 17, 1e-3, 0.9, 0.95, 1e-8, 0.1, 0.3);
        double[] own = kernels.chunkSquaredNorms(p, from, to);
        System.arraycopy(own, 0, sums, (int) (from / CHUNK), own.length);
      }
      results.add(copy(p));
      norms.add(sums);
    }
    assertThat(results.get(1)).isEqualTo(results.get(0));
    assertThat(norms.get(1)).isEqualTo(norms.get(0));
  }

  @Test
  void squaredNormsAreTakenInDoublePrecision() {
    FlatBuffer x = gaussian(3 * CHUNK, 9);
    double[] norms = kernels.chunkSquaredNorms(x, CHUNK, 3 * CHUNK);
    assertThat(norms).hasSize(2);
    double expected = 0;
    for (int i = CHUNK; i < 2 * CHUNK; i++) {
      expected += (double) floats(x).get(i) * floats(x).get(i);
    }
    // float32 would be off by about 1e-4 here.
    assertThat(norms[0]).isEqualTo(expected, within(1e-9));
  }

  @Test
  void addAndCopyTouchTheNamedRangeOnly() {
    FlatBuffer target = buffer(new float[] {1, 2, 3, 4});
    FlatBuffer source = buffer(new float[] {10, 20, 30, 40});
    kernels.addInto(target, source, 1, 3);
    assertThat(copy(target)).containsExactly(1, 22, 33, 4);
    kernels.addInto(target, 0, source, 2, 1);
    assertThat(copy(target)).containsExactly(31, 22, 33, 4);
    kernels.copyInto(target, 2, source, 0, 2);
    assertThat(copy(target)).containsExactly(31, 22, 10, 20);
  }

  @Test
  void windowsShareTheMemoryOfTheBuffer() {
    FlatBuffer x = buffer(new float[] {1, 2, 3, 4});
    x.bytes(1, 3).putFloat(0, 7);
    assertThat(copy(x)).containsExactly(1, 7, 3, 4);
    assertThat(x.windows(0, 4)).hasSize(1);
    x.fill(-1);
    assertThat(copy(x)).containsExactly(-1, -1, -1, -1);
  }

  @Test
  void refusesASliceThatWouldChangeTheBits() {
    FlatBuffer x = buffer(new float[2 * CHUNK]);
    assertThatThrownBy(() -> kernels.chunkSquaredNorms(x, 100, CHUNK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("elements 100 to 16384 of 32768: both ends must be multiples of 16384");
  }

  private FlatBuffer buffer(float[] values) {
    FlatBuffer buffer = FlatBuffer.zeros(device, Precision.FLOAT32, values.length);
    buffers.add(buffer);
    floats(buffer).put(values);
    return buffer;
  }

  private FlatBuffer gaussian(int length, long seed) {
    Random random = new Random(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return buffer(values);
  }

  private static FloatBuffer floats(FlatBuffer buffer) {
    return buffer.bytes(0, buffer.length()).asFloatBuffer();
  }

  private static float[] copy(FlatBuffer buffer) {
    float[] values = new float[(int) buffer.length()];
    floats(buffer).get(values);
    return values;
  }
}
