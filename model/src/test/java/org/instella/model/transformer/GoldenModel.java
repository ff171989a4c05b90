package org.instella.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.SafetensorsReader;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;

/**
 * A model folder with what the reference implementation computes from it: logits of some positions,
 * the mean next-token loss, its gradients, a greedy continuation.
 */
record GoldenModel(Path folder, JsonNode expected) {
  private static final Storage STORAGE = Storage.standard();

  static GoldenModel of(Path cases, String name) {
    try {
      JsonNode all = new ObjectMapper().readTree(cases.resolve("expected.json").toFile());
      return new GoldenModel(cases.resolve(name), all.path("cases").path(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  FlatParameters parameters(Precision precision) {
    TorchDevice device = TorchDevice.cpu(1);
    try (ModelFolder model = ModelFolder.open(STORAGE, Location.of(folder))) {
      FlatParameters parameters = FlatParameters.allocate(model.transformerConfig(), device);
      model.load(parameters::window);
      if (precision == Precision.FLOAT32) {
        return parameters;
      }
      try (parameters) {
        return parameters.toFloat64();
      }
    }
  }

  double loss() {
    return expected.path("loss").asDouble();
  }

  int[] greedy() {
    JsonNode ids = expected.path("greedy_prompt_first_16_then");
    return IntStream.range(0, ids.size()).map(i -> ids.get(i).asInt()).toArray();
  }

  int[] ints(String file, String tensor) {
    ByteBuffer bytes = read(file, tensor);
    int[] values = new int[bytes.remaining() / Integer.BYTES];
    bytes.asIntBuffer().get(values);
    return values;
  }

  float[] floats(String file, String tensor) {
    ByteBuffer bytes = read(file, tensor);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private ByteBuffer read(String file, String tensor) {
    Location location = Location.of(folder.resolve(file));
    try (SafetensorsReader reader = SafetensorsReader.open(STORAGE, location)) {
      return reader.buffer(tensor).order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}
