package org.instella.train.tensorboard;

import java.io.IOException;
import java.io.OutputStream;
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

  static void write(OutputStream out, byte[] record) throws IOException {
    byte[] length = little(Long.BYTES).putLong(record.length).array();
    out.write(length);
    out.write(little(Integer.BYTES).putInt(maskedCrc(length)).array());
    out.write(record);
    out.write(little(Integer.BYTES).putInt(maskedCrc(record)).array());
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
