package org.instella.model.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive: a zip of stored entries that holds a program as text and the
 * attributes of its one module as a pickle of protocol 2.
 *
 * <p>Layout as libtorch 2.7 reads it: {@code m/version}, {@code m/constants.pkl} (an empty tuple),
 * {@code m/data.pkl} (the module), {@code m/code/__torch__.py} (the text).
 */
final class ProgramArchive {
  private static final byte[] EMPTY_TUPLE = {(byte) 0x80, 2, ')', '.'};

  private ProgramArchive() {}

  /**
   * The archive as bytes.
   *
   * @param module name of the class in {@code text}
   * @param attributes values of the fields that the class declares: Integer, Long, Double, Boolean
   */
  static byte[] write(String module, String text, Map<String, Object> attributes) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "m/version", "3\n".getBytes(StandardCharsets.US_ASCII));
      store(zip, "m/constants.pkl", EMPTY_TUPLE);
      store(zip, "m/data.pkl", pickle(module, attributes));
      store(zip, "m/code/__torch__.py", text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] pickle(String module, Map<String, Object> attributes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x80, 2}); // PROTO 2
    out.write(("c__torch__\n" + module + "\n").getBytes(StandardCharsets.UTF_8)); // GLOBAL
    out.write(new byte[] {')', (byte) 0x81, '}', '('}); // EMPTY_TUPLE NEWOBJ EMPTY_DICT MARK
    write(out, "training", false);
    for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
      write(out, attribute.getKey(), attribute.getValue());
    }
    out.write(new byte[] {'u', 'b', '.'}); // SETITEMS BUILD STOP
    return out.toByteArray();
  }

  private static void write(ByteArrayOutputStream out, String key, Object value)
      throws IOException {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    out.write('X'); // BINUNICODE
    out.write(little(4).putInt(name.length).array());
    out.write(name);
    if (value instanceof Boolean flag) {
      out.write(flag ? 0x88 : 0x89); // NEWTRUE, NEWFALSE
    } else if (value instanceof Integer number) {
      out.write('J'); // BININT: four bytes, signed
      out.write(little(4).putInt(number).array());
    } else if (value instanceof Long number) {
      out.write(new byte[] {(byte) 0x8a, 8}); // LONG1 of eight bytes
      out.write(little(8).putLong(number).array());
    } else if (value instanceof Double number) {
      out.write('G'); // BINFLOAT: big-endian
      out.write(ByteBuffer.allocate(8).putDouble(number).array());
    } else {
      throw new IllegalArgumentException(
          "attribute %s is a %s; a program takes Boolean, Integer, Long and Double"
              .formatted(key, value.getClass().getName()));
    }
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
