package org.instella.tokenize.shard;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.flatbuf.Utf8;

/**
 * The flatbuffers of an Arrow IPC file with the schema of a token shard, built field by field so
 * that equal input gives equal bytes with every version of the Arrow library.
 *
 * @see <a href="https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format">IPC file
 *     format</a>
 */
final class ArrowLayout {
  /** Magic at both ends of the file; padded to eight bytes at its beginning. */
  static final byte[] MAGIC = {'A', 'R', 'R', 'O', 'W', '1'};

  /** Every body and every buffer begins at a multiple of this, as the format recommends. */
  static final int ALIGNMENT = 64;

  /** Says that a message follows, since Arrow 0.15. */
  static final int CONTINUATION = -1;

  static final String DOCUMENT = "document";
  static final String ITEM = "item";
  static final String ID = "id";
  static final String FILE = "file";
  static final String LINE = "line";

  /** Field nodes of a batch: document, its items, id, file, line. */
  static final int NODES = 5;

  /** Buffers of a batch, in order; the validity buffers are empty, since nothing is null. */
  static final int BUFFERS = 12;

  static final int DOCUMENT_OFFSETS = 1;
  static final int TOKENS = 3;
  static final int ID_OFFSETS = 5;
  static final int ID_BYTES = 6;
  static final int FILE_OFFSETS = 8;
  static final int FILE_BYTES = 9;
  static final int LINES = 11;

  /** Place of a record batch in the file: the entry of the footer. */
  record BlockAt(long offset, int metadataLength, long bodyLength) {}

  private ArrowLayout() {}

  static long padded(long length) {
    return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** The schema message, without framing. */
  static ByteBuffer schemaMessage(ShardHeader header) {
    FlatBufferBuilder builder = new FlatBufferBuilder(1024);
    int schema = schema(builder, header);
    return message(builder, MessageHeader.Schema, schema, 0);
  }

  /**
   * The record batch message, without framing.
   *
   * @param lengths bytes of each of the {@link #BUFFERS} buffers, unpadded
   */
  static ByteBuffer batchMessage(int documents, int tokens, long[] lengths) {
    FlatBufferBuilder builder = new FlatBufferBuilder(1024);
    RecordBatch.startBuffersVector(builder, BUFFERS);
    long end = bodyLength(lengths);
    for (int i = BUFFERS - 1; i >= 0; i--) {
      end -= padded(lengths[i]);
      Buffer.createBuffer(builder, end, lengths[i]);
    }
    int buffers = builder.endVector();
    RecordBatch.startNodesVector(builder, NODES);
    for (int i = NODES - 1; i >= 0; i--) {
      FieldNode.createFieldNode(builder, i == 1 ? tokens : documents, 0);
    }
    int nodes = builder.endVector();
    RecordBatch.startRecordBatch(builder);
    RecordBatch.addLength(builder, documents);
    RecordBatch.addNodes(builder, nodes);
    RecordBatch.addBuffers(builder, buffers);
    int batch = RecordBatch.endRecordBatch(builder);
    return message(builder, MessageHeader.RecordBatch, batch, bodyLength(lengths));
  }

  static long bodyLength(long[] lengths) {
    long total = 0;
    for (long length : lengths) {
      total += padded(length);
    }
    return total;
  }

  /** The footer: the schema again and the place of every record batch. */
  static ByteBuffer footer(ShardHeader header, List<BlockAt> blocks) {
    FlatBufferBuilder builder = new FlatBufferBuilder(1024 + 24 * blocks.size());
    int schema = schema(builder, header);
    Footer.startDictionariesVector(builder, 0);
    int dictionaries = builder.endVector();
    Footer.startRecordBatchesVector(builder, blocks.size());
    for (int i = blocks.size() - 1; i >= 0; i--) {
      BlockAt block = blocks.get(i);
      Block.createBlock(builder, block.offset(), block.metadataLength(), block.bodyLength());
    }
    int batches = builder.endVector();
    Footer.startFooter(builder);
    Footer.addVersion(builder, MetadataVersion.V5);
    Footer.addSchema(builder, schema);
    Footer.addDictionaries(builder, dictionaries);
    Footer.addRecordBatches(builder, batches);
    builder.finish(Footer.endFooter(builder));
    return builder.dataBuffer();
  }

  private static ByteBuffer message(
      FlatBufferBuilder builder, byte type, int header, long bodyLength) {
    Message.startMessage(builder);
    Message.addVersion(builder, MetadataVersion.V5);
    Message.addHeaderType(builder, type);
    Message.addHeader(builder, header);
    Message.addBodyLength(builder, bodyLength);
    builder.finish(Message.endMessage(builder));
    return builder.dataBuffer();
  }

  private static int schema(FlatBufferBuilder builder, ShardHeader header) {
    int item = integerField(builder, ITEM, header.width().bits(), false);
    int document = field(builder, DOCUMENT, Type.List, listType(builder), new int[] {item});
    int id = field(builder, ID, Type.Utf8, utf8Type(builder), new int[0]);
    int file = field(builder, FILE, Type.Utf8, utf8Type(builder), new int[0]);
    int line = integerField(builder, LINE, 64, true);
    int fields = Schema.createFieldsVector(builder, new int[] {document, id, file, line});
    int metadata = metadata(builder, header.metadata());
    Schema.startSchema(builder);
    Schema.addEndianness(builder, Endianness.Little);
    Schema.addFields(builder, fields);
    Schema.addCustomMetadata(builder, metadata);
    return Schema.endSchema(builder);
  }

  private static int metadata(FlatBufferBuilder builder, SortedMap<String, String> entries) {
    int[] offsets = new int[entries.size()];
    int i = 0;
    for (Map.Entry<String, String> entry : entries.entrySet()) {
      int key = builder.createString(entry.getKey());
      int value = builder.createString(entry.getValue());
      offsets[i++] = KeyValue.createKeyValue(builder, key, value);
    }
    return Schema.createCustomMetadataVector(builder, offsets);
  }

  private static int integerField(
      FlatBufferBuilder builder, String name, int bits, boolean signed) {
    return field(builder, name, Type.Int, Int.createInt(builder, bits, signed), new int[0]);
  }

  private static int listType(FlatBufferBuilder builder) {
    org.apache.arrow.flatbuf.List.startList(builder);
    return org.apache.arrow.flatbuf.List.endList(builder);
  }

  private static int utf8Type(FlatBufferBuilder builder) {
    Utf8.startUtf8(builder);
    return Utf8.endUtf8(builder);
  }

  private static int field(
      FlatBufferBuilder builder, String name, byte typeType, int type, int[] children) {
    int nameAt = builder.createString(name);
    int childrenAt = Field.createChildrenVector(builder, children);
    Field.startField(builder);
    Field.addName(builder, nameAt);
    Field.addNullable(builder, false);
    Field.addTypeType(builder, typeType);
    Field.addType(builder, type);
    Field.addChildren(builder, childrenAt);
    return Field.endField(builder);
  }
}
