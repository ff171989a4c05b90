package org.instella.train.checkpoint;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.SafetensorsReader;
import org.instella.model.checkpoint.SafetensorsWriter;
import org.instella.model.checkpoint.TensorInfo;
import org.instella.train.parallel.FloatMemory;
import org.instella.train.parallel.Slice;

/**
 * Adam's moments of one rank's slice: a safetensors file with two rows of float32, {@code exp_avg}
 * and {@code exp_avg_sq}. Its metadata says which elements of the flat buffer they belong to, so
 * that any number of ranks can read the files of any other number.
 */
final class OptimizerFile {
  static final String FOLDER = "optimizer/";
  private static final String FIRST_MOMENT = "exp_avg";
  private static final String SECOND_MOMENT = "exp_avg_sq";
  private static final String FIRST = "first_element";
  private static final String TOTAL = "total_elements";
  private static final int BLOCK_FLOATS = 1 << 20;

  private OptimizerFile() {}

  static String name(int rank, int count) {
    return FOLDER + "rank-%05d-of-%05d.safetensors".formatted(rank, count);
  }

  /** Writes a slice. */
  static FileDigest write(Storage storage, Location folder, String name, Snapshot snapshot) {
    Slice slice = snapshot.slice();
    List<Long> shape = List.of(slice.elements());
    List<TensorInfo> tensors =
        List.of(
            TensorInfo.of(FIRST_MOMENT, Dtype.F32, shape),
            TensorInfo.of(SECOND_MOMENT, Dtype.F32, shape));
    SortedMap<String, String> metadata = new TreeMap<>();
    metadata.put(FIRST, Long.toString(slice.first()));
    metadata.put(TOTAL, Long.toString(snapshot.weights().elements()));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(storage, folder.resolve(name), tensors, metadata)) {
      write(writer, FIRST_MOMENT, snapshot.firstMoments(), slice.elements());
      write(writer, SECOND_MOMENT, snapshot.secondMoments(), slice.elements());
      FileDigest written = writer.finish();
      return new FileDigest(name, written.bytes(), written.sha256());
    }
  }

  private static void write(
      SafetensorsWriter writer, String tensor, FloatMemory memory, long elements) {
    for (long at = 0; at < elements; at += BLOCK_FLOATS) {
      writer.write(tensor, memory.window(at, (int) Math.min(BLOCK_FLOATS, elements - at)));
    }
  }

  /**
   * Copies what a file holds of a slice.
   *
   * @param total elements of the flat buffer, which the file must agree with
   * @param firstMoments of the slice, from its first element
   * @return number of elements that were in the file
   */
  static long read(
      Storage storage,
      Location file,
      Slice slice,
      long total,
      FloatMemory firstMoments,
      FloatMemory secondMoments) {
    try (SafetensorsReader reader = SafetensorsReader.open(storage, file)) {
      long first = number(reader, FIRST);
      if (number(reader, TOTAL) != total) {
        throw new DataException(
            CheckpointError.CHECKPOINT_MISMATCH,
            "%s holds moments of a flat buffer of %d elements, the model has %d; the checkpoint belongs to another model"
                .formatted(file, number(reader, TOTAL), total));
      }
      long end = first + reader.info(FIRST_MOMENT).elements();
      long from = Math.max(first, slice.first());
      long to = Math.min(end, slice.end());
      for (long at = from; at < to; at += BLOCK_FLOATS) {
        int count = (int) Math.min(BLOCK_FLOATS, to - at);
        long begin = (at - first) * Float.BYTES;
        fill(reader, FIRST_MOMENT, begin, firstMoments.window(at - slice.first(), count));
        fill(reader, SECOND_MOMENT, begin, secondMoments.window(at - slice.first(), count));
      }
      return Math.max(0, to - from);
    }
  }

  private static void fill(SafetensorsReader reader, String tensor, long begin, ByteBuffer target) {
    reader.read(tensor, begin, target);
  }

  private static long number(SafetensorsReader reader, String key) {
    String text = reader.metadata().get(key);
    if (text == null || !text.matches("[0-9]{1,18}")) {
      throw new DataException(
          CheckpointError.CHECKPOINT_INCOMPLETE,
          "%s has no number %s in its metadata; it is no optimizer file of this program"
              .formatted(reader.location(), key));
    }
    return Long.parseLong(text);
  }
}
