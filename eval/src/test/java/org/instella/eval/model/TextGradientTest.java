package org.instella.eval.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.DecoderSettings;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.TensorSpec;
import org.instella.model.transformer.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextGradientTest {
  private static final Storage STORAGE = Storage.standard();
  private static final int WINDOW = 32;
  private static final int PREFIX = 0; // 1 is padding, whose row trains nothing

  @TempDir private Path root;
  private final List<Decoder> models = new ArrayList<>();
  private final List<Location> folders = new ArrayList<>();

  @BeforeEach
  void twoModels() {
    for (int m = 0; m < 2; m++) {
      Decoder model = TinyModel.decoder(m + 1);
      models.add(model);
      folders.add(Location.of(root.resolve("m" + m)));
      try (ModelFolderWriter writer = ModelFolderWriter.staged(STORAGE, folders.get(m))) {
        writer.config(TinyModel.CONFIG, Dtype.F32);
        writer.weights(TinyModel.CONFIG, Dtype.F32, model.parameters()::window);
        writer.publish(manifest -> manifest);
      }
    }
  }

  @AfterEach
  void closeModels() {
    models.forEach(Decoder::close);
  }

  /** The merge of both by halves, but for one tensor, of which model {@code m} has more by h. */
  private Decoder merged(String tensor, int m, double h) {
    FlatParameters weights =
        FlatParameters.allocate(TinyModel.CONFIG, Precision.FLOAT64, TorchDevice.cpu(1));
    for (TensorSpec spec : weights.tensors()) {
      ByteBuffer to = weights.bytes(spec.name());
      ByteBuffer a = models.get(0).parameters().bytes(spec.name());
      ByteBuffer b = models.get(1).parameters().bytes(spec.name());
      double more = spec.name().equals(tensor) ? h : 0;
      while (to.hasRemaining()) {
        double shareOfA = 0.5 + (m == 0 ? more : 0);
        double shareOfB = 0.5 + (m == 1 ? more : 0);
        to.putDouble(shareOfA * a.getFloat() + shareOfB * b.getFloat());
      }
    }
    return new Decoder(weights, DecoderSettings.DEFAULT);
  }

  /** Of 70 tokens in three windows, without gradients. */
  private static double loss(Decoder decoder, int[] ids) {
    double nats = 0;
    for (int from = 0; from < ids.length; from += WINDOW) {
      int length = Math.min(WINDOW, ids.length - from);
      int[] tokens = new int[length];
      int[] targets = new int[length];
      for (int i = 0; i < length; i++) {
        tokens[i] = from + i == 0 ? PREFIX : ids[from + i - 1];
        targets[i] = ids[from + i];
      }
      nats += decoder.lossSum(tokens, targets, 1, length);
    }
    return nats;
  }

  /**
   * Central differences in float64 with h = 1e-5: their error is h² times a third derivative of
   * about 100, and 1e-16 times the loss of 400 divided by h, together below 1e-7.
   */
  @Test
  void productsAreTheDerivativesOfTheLossByTheShares() {
    int[] ids = TinyModel.tokens(70, 3);
    List<SortedMap<String, Double>> products = new ArrayList<>();
    try (TextGradient gradient = new TextGradient(merged("", 0, 0), null, WINDOW, PREFIX)) {
      double nats = gradient.add(ids);
      try (Decoder same = merged("", 0, 0)) {
        assertThat(nats).isCloseTo(loss(same, ids), within(1e-9));
      }
      folders.forEach(folder -> products.add(gradient.products(STORAGE, folder)));
    }
    double h = 1e-5;
    for (TensorSpec tensor : TinyModel.CONFIG.tensors()) {
      for (int m = 0; m < 2; m++) {
        double slope;
        try (Decoder up = merged(tensor.name(), m, h);
            Decoder down = merged(tensor.name(), m, -h)) {
          slope = (loss(up, ids) - loss(down, ids)) / (2 * h);
        }
        assertThat(products.get(m).get(tensor.name()))
            .as("%s of model %d", tensor.name(), m)
            .isCloseTo(slope, within(1e-6));
      }
    }
  }

  @Test
  void gradientsOfTextsAddUp() {
    int[] ids = TinyModel.tokens(40, 4);
    double once;
    try (TextGradient gradient = new TextGradient(merged("", 0, 0), null, WINDOW, PREFIX)) {
      gradient.add(ids);
      once = gradient.products(STORAGE, folders.get(0)).get("lm_head.weight");
    }
    try (TextGradient gradient = new TextGradient(merged("", 0, 0), null, WINDOW, PREFIX)) {
      gradient.add(ids);
      gradient.add(ids);
      assertThat(gradient.products(STORAGE, folders.get(0)).get("lm_head.weight"))
          .isCloseTo(2 * once, within(1e-12 * Math.abs(once)));
    }
  }
}
