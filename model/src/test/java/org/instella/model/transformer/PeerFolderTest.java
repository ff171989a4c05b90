package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.model.checkpoint.SafetensorsWriter;
import org.instella.model.checkpoint.TensorInfo;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A folder written here means the same when it is read again, and in the reference implementation:
 * docs/proving-numerics.md has the command, which sets {@code instella.peer.model} to the folder
 * and {@code instella.peer.logits} to the file that benchmarks/peers/check_with_transformers.py
 * reads.
 */
class PeerFolderTest {
  private static final Storage STORAGE = Storage.standard();
  private static final int BATCH = 2;

  @TempDir Path temporary;

  @Test
  void aFolderOfAFreshModelGivesTheSameLogitsWhenItIsReadAgain() {
    Path folder = Path.of(System.getProperty("instella.peer.model", "" + temporary.resolve("m")));
    TransformerConfig config =
        new TransformerConfig(4, 240, 3, 3, 80, 648, 1280, 1e-5, 10000, 512, false, 0, 0, 1);
    if (!Files.exists(folder)) {
      try (Decoder decoder = Decoder.initialise(config, 6198, TorchDevice.cpu(1))) {
        write(decoder, folder);
        try (Decoder read = read(folder)) {
          MicroBatch batch = batch(config);
          assertThat(read.logits(batch)).isEqualTo(decoder.logits(batch));
        }
      }
    }
    String logits = System.getProperty("instella.peer.logits");
    if (logits != null) {
      try (Decoder read = read(folder)) {
        export(read, Path.of(logits));
      }
    }
  }

  private static void write(Decoder decoder, Path folder) {
    try (ModelFolderWriter writer =
        ModelFolderWriter.staged(STORAGE, Location.of(folder.toAbsolutePath()))) {
      writer.config(decoder.config(), Dtype.F32);
      writer.weights(decoder.config(), Dtype.F32, decoder.parameters()::window);
      writer.publish(manifest -> manifest);
    }
  }

  private static Decoder read(Path folder) {
    try (ModelFolder model = ModelFolder.open(STORAGE, Location.of(folder.toAbsolutePath()))) {
      FlatParameters parameters =
          FlatParameters.allocate(model.transformerConfig(), TorchDevice.cpu(1));
      model.load(parameters::window);
      return new Decoder(parameters);
    }
  }

  private static MicroBatch batch(TransformerConfig config) {
    int sequence = Math.min(200, config.maxPositions());
    int[] tokens = new Random(1).ints(BATCH * sequence, 2, config.vocabularySize()).toArray();
    return new MicroBatch(tokens, tokens, BATCH, sequence);
  }

  private static void export(Decoder decoder, Path file) {
    MicroBatch batch = batch(decoder.config());
    double[] logits = decoder.logits(batch);
    ByteBuffer values = little(logits.length * Float.BYTES);
    for (double logit : logits) {
      values.putFloat((float) logit);
    }
    ByteBuffer ids = little(batch.tokens().length * Integer.BYTES);
    for (int token : batch.tokens()) {
      ids.putInt(token);
    }
    long rows = batch.batch();
    long sequence = batch.sequence();
    long vocabulary = decoder.config().vocabularySize();
    List<TensorInfo> tensors =
        List.of(
            TensorInfo.of("input_ids", Dtype.I32, List.of(rows, sequence)),
            TensorInfo.of("logits", Dtype.F32, List.of(rows, sequence, vocabulary)));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            STORAGE,
            Location.of(file.toAbsolutePath()),
            tensors,
            SafetensorsWriter.TORCH_METADATA)) {
      for (TensorInfo tensor : writer.tensors()) {
        writer.write(tensor.name(), tensor.name().equals("logits") ? values.flip() : ids.flip());
      }
      writer.finish();
    }
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
