package org.instella.train.tensorboard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The framing of TFRecord files: length (uint64), masked CRC-32C of the length, bytes, masked
 * CRC-32C of the bytes; all numbers little-endian.
 *
 * @see <a href="https://www.tensorflow.org/tutorials/load_data/tfrecord">TFRecord format</a>
 */
final class TfRecords {
  private static final int MASK = 0xa282ead8;

  private TfRecords() {}

  /** A record as it stands in a file. */
  static byte[] framed(byte[] record) {
    byte[] length = little(Long.BYTES).putLong(record.length).array();
    return little(Long.BYTES + 2 * Integer.BYTES + record.length)
        .put(length)
        .putInt(maskedCrc(length))
        .put(record)
        .putInt(maskedCrc(record))
        .array();
  }

  /** Rotated and shifted, so that a checksum over bytes that hold checksums is not degenerate. */
  static int maskedCrc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
