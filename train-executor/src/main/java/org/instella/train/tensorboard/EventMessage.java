package org.instella.train.tensorboard;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * {@code tensorflow.Event} in protobuf's wire format, as far as scalars need it: {@code wall_time}
 * = 1 (double), {@code step} = 2 (int64), {@code file_version} = 3 (string), {@code summary} = 5
 * with repeated {@code value} = 1 of {@code tag} = 1 and {@code simple_value} = 2 (float), {@code
 * session_log} = 7 with {@code status} = 1.
 */
final class EventMessage {
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;
  private static final long SESSION_START = 1;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private EventMessage() {}

  /** The first event of every file. */
  static byte[] fileVersion(double wallTime) {
    return new EventMessage()
        .fixed64(1, wallTime)
        .bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8))
        .toBytes();
  }

  /** From {@code step} on the run is made anew: readers drop what they know of those steps. */
  static byte[] sessionStart(double wallTime, long step) {
    byte[] log = new EventMessage().varint(1, SESSION_START).toBytes();
    return new EventMessage().fixed64(1, wallTime).varint(2, step).bytes(7, log).toBytes();
  }

  static byte[] scalars(double wallTime, long step, Map<String, Double> values) {
    EventMessage summary = new EventMessage();
    values.forEach(
        (tag, value) ->
            summary.bytes(
                1,
                new EventMessage()
                    .bytes(1, tag.getBytes(StandardCharsets.UTF_8))
                    .fixed32(2, value.floatValue())
                    .toBytes()));
    return new EventMessage()
        .fixed64(1, wallTime)
        .varint(2, step)
        .bytes(5, summary.toBytes())
        .toBytes();
  }

  private EventMessage key(int field, int type) {
    return raw((long) field << 3 | type);
  }

  private EventMessage raw(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  private EventMessage varint(int field, long value) {
    return key(field, VARINT).raw(value);
  }

  private EventMessage fixed64(int field, double value) {
    key(field, FIXED_64);
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array());
    return this;
  }

  private EventMessage fixed32(int field, float value) {
    key(field, FIXED_32);
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
    return this;
  }

  private EventMessage bytes(int field, byte[] value) {
    key(field, BYTES).raw(value.length);
    out.writeBytes(value);
    return this;
  }

  private byte[] toBytes() {
    return out.toByteArray();
  }
}
