package org.instella.tokenize.shard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;
import org.instella.tokenize.shard.ArrowLayout.BlockAt;

/**
 * Reads the footer of a shard and refuses everything that is not a shard of this format.
 *
 * <p>Every method throws {@link ShardFormatException} (or lets flatbuffers' own index errors pass):
 * {@link TokenShard} turns both into one error that names the file.
 */
record ShardFooter(ShardHeader header, List<BlockAt> blocks) {
  private static final int TAIL = Integer.BYTES + ArrowLayout.MAGIC.length;

  static ShardFooter read(FileChannel channel) throws IOException {
    long length = channel.size();
    if (length < 8 + TAIL) {
      throw new ShardFormatException("it has only %d bytes".formatted(length));
    }
    checkMagic(bytes(channel, 0, ArrowLayout.MAGIC.length), "begins");
    ByteBuffer tail = bytes(channel, length - TAIL, TAIL);
    int footerLength = tail.getInt();
    checkMagic(tail, "ends");
    long footerAt = length - TAIL - footerLength;
    if (footerLength <= 0 || footerAt < 8) {
      throw new ShardFormatException(
          "its footer is said to have %d bytes of %d".formatted(footerLength, length));
    }
    Footer footer = Footer.getRootAsFooter(bytes(channel, footerAt, footerLength));
    Schema schema = footer.schema();
    if (schema == null || footer.dictionariesLength() != 0) {
      throw new ShardFormatException("it has no schema, or dictionaries");
    }
    ShardHeader header = header(schema);
    checkFields(schema, header.width());
    return new ShardFooter(header, blocks(footer, footerAt));
  }

  private static void checkMagic(ByteBuffer bytes, String where) {
    byte[] magic = new byte[ArrowLayout.MAGIC.length];
    bytes.get(magic);
    if (!Arrays.equals(magic, ArrowLayout.MAGIC)) {
      throw new ShardFormatException(
          "it is no Arrow file: it %s without the letters ARROW1 (cut short?)".formatted(where));
    }
  }

  private static ByteBuffer bytes(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, at + bytes.position()) < 0) {
        throw new ShardFormatException("it ends while it is read");
      }
    }
    return bytes.flip();
  }

  private static ShardHeader header(Schema schema) {
    if (schema.endianness() != Endianness.Little) {
      throw new ShardFormatException("it is big-endian");
    }
    Map<String, String> metadata = new HashMap<>();
    for (int i = 0; i < schema.customMetadataLength(); i++) {
      KeyValue entry = schema.customMetadata(i);
      metadata.put(entry.key(), entry.value());
    }
    try {
      return ShardHeader.of(metadata);
    } catch (IllegalArgumentException e) {
      throw new ShardFormatException(e.getMessage());
    }
  }

  private static void checkFields(Schema schema, TokenWidth width) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < schema.fieldsLength(); i++) {
      names.add(schema.fields(i).name());
    }
    List<String> wanted =
        List.of(ArrowLayout.DOCUMENT, ArrowLayout.ID, ArrowLayout.FILE, ArrowLayout.LINE);
    if (!names.equals(wanted)) {
      throw new ShardFormatException("its columns are %s, not %s".formatted(names, wanted));
    }
    Field document = schema.fields(0);
    boolean right =
        document.typeType() == Type.List
            && document.childrenLength() == 1
            && isInteger(document.children(0), width.bits(), false)
            && schema.fields(1).typeType() == Type.Utf8
            && schema.fields(2).typeType() == Type.Utf8
            && isInteger(schema.fields(3), 64, true);
    if (!right) {
      throw new ShardFormatException(
          "its columns are not list<uint%d>, utf8, utf8, int64".formatted(width.bits()));
    }
  }

  private static boolean isInteger(Field field, int bits, boolean signed) {
    if (field.typeType() != Type.Int) {
      return false;
    }
    Int type = (Int) field.type(new Int());
    return type != null && type.bitWidth() == bits && type.isSigned() == signed;
  }

  private static List<BlockAt> blocks(Footer footer, long footerAt) {
    List<BlockAt> blocks = new ArrayList<>();
    long free = 8;
    for (int i = 0; i < footer.recordBatchesLength(); i++) {
      Block block = footer.recordBatches(i);
      BlockAt at = new BlockAt(block.offset(), block.metaDataLength(), block.bodyLength());
      boolean inside =
          at.offset() >= free
              && at.offset() % 8 == 0
              && at.metadataLength() >= 8
              && at.metadataLength() % 8 == 0
              && at.bodyLength() >= 0
              && at.bodyLength() <= Integer.MAX_VALUE - (64 << 20)
              && at.offset() <= footerAt - at.metadataLength() - at.bodyLength();
      if (!inside) {
        throw new ShardFormatException(
            "record batch %d is said to lie at %d, %d + %d bytes long, but the space is %d to %d"
                .formatted(i, at.offset(), at.metadataLength(), at.bodyLength(), free, footerAt));
      }
      free = at.offset() + at.metadataLength() + at.bodyLength();
      blocks.add(at);
    }
    return List.copyOf(blocks);
  }
}
