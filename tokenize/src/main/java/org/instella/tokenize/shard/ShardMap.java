package org.instella.tokenize.shard;

import static org.instella.tokenize.shard.ArrowLayout.BUFFERS;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.instella.tokenize.shard.ArrowLayout.BlockAt;

/**
 * Maps the record batches of a shard and finds their buffers.
 *
 * <p>Neighbouring batches share a map of up to 1 GiB: a kernel allows a process some 65,000 maps,
 * and a large data set has more batches than that. Every length and offset comes from the file and
 * is checked against its map before a view is made of it.
 */
final class ShardMap {
  private static final long WINDOW = 1L << 30;

  private final FileChannel channel;
  private final TokenWidth width;
  private final List<BlockAt> blocks;

  private ShardMap(FileChannel channel, TokenWidth width, List<BlockAt> blocks) {
    this.channel = channel;
    this.width = width;
    this.blocks = blocks;
  }

  static List<ShardBatch> batches(FileChannel channel, ShardFooter footer) throws IOException {
    return new ShardMap(channel, footer.header().width(), footer.blocks()).map();
  }

  private List<ShardBatch> map() throws IOException {
    List<ShardBatch> batches = new ArrayList<>();
    long firstToken = 0;
    int firstDocument = 0;
    int i = 0;
    while (i < blocks.size()) {
      int until = windowEnd(i);
      long start = blocks.get(i).offset();
      ByteBuffer window =
          channel.map(FileChannel.MapMode.READ_ONLY, start, end(blocks.get(until - 1)) - start);
      for (; i < until; i++) {
        BlockAt block = blocks.get(i);
        ByteBuffer bytes =
            window
                .slice(
                    (int) (block.offset() - start),
                    (int) (block.metadataLength() + block.bodyLength()))
                .order(ByteOrder.LITTLE_ENDIAN);
        ShardBatch batch = batch(bytes, block, firstToken, firstDocument);
        batches.add(batch);
        firstToken += batch.tokens();
        firstDocument = Math.addExact(firstDocument, batch.documents());
      }
    }
    return List.copyOf(batches);
  }

  private int windowEnd(int first) {
    int until = first + 1;
    while (until < blocks.size() && end(blocks.get(until)) - blocks.get(first).offset() <= WINDOW) {
      until++;
    }
    return until;
  }

  private static long end(BlockAt block) {
    return block.offset() + block.metadataLength() + block.bodyLength();
  }

  private ShardBatch batch(ByteBuffer bytes, BlockAt block, long firstToken, int firstDocument) {
    RecordBatch batch = recordBatch(bytes, block);
    long documents = batch.length();
    long tokens = batch.nodes(1).length();
    if (documents < 0
        || documents > Integer.MAX_VALUE
        || tokens < 0
        || tokens > block.bodyLength()) {
      throw new ShardFormatException(
          "a record batch is said to have %d documents and %d tokens in %d bytes"
              .formatted(documents, tokens, block.bodyLength()));
    }
    int rows = (int) documents;
    ByteBuffer body =
        bytes
            .slice(block.metadataLength(), (int) block.bodyLength())
            .order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer documentOffsets = offsets(batch, body, ArrowLayout.DOCUMENT_OFFSETS, rows, tokens);
    ByteBuffer idBytes = buffer(batch, body, ArrowLayout.ID_BYTES, 0);
    ByteBuffer fileBytes = buffer(batch, body, ArrowLayout.FILE_BYTES, 0);
    return new ShardBatch(
        firstToken,
        firstDocument,
        (int) tokens,
        rows,
        documentOffsets.asIntBuffer(),
        buffer(batch, body, ArrowLayout.TOKENS, tokens * width.bytes()),
        offsets(batch, body, ArrowLayout.ID_OFFSETS, rows, idBytes.limit()).asIntBuffer(),
        idBytes,
        offsets(batch, body, ArrowLayout.FILE_OFFSETS, rows, fileBytes.limit()).asIntBuffer(),
        fileBytes,
        buffer(batch, body, ArrowLayout.LINES, (long) rows * Long.BYTES).asLongBuffer());
  }

  private static RecordBatch recordBatch(ByteBuffer bytes, BlockAt block) {
    int length = bytes.getInt(4);
    if (bytes.getInt(0) != ArrowLayout.CONTINUATION || length != block.metadataLength() - 8) {
      throw new ShardFormatException(
          "no message of %d bytes begins at %d".formatted(block.metadataLength(), block.offset()));
    }
    ByteBuffer metadata = bytes.slice(8, length).order(ByteOrder.LITTLE_ENDIAN);
    Message message = Message.getRootAsMessage(metadata);
    if (message.headerType() != MessageHeader.RecordBatch
        || message.bodyLength() != block.bodyLength()) {
      throw new ShardFormatException("the message at %d is no batch".formatted(block.offset()));
    }
    RecordBatch batch = (RecordBatch) message.header(new RecordBatch());
    if (batch == null
        || batch.nodesLength() != ArrowLayout.NODES
        || batch.buffersLength() != BUFFERS
        || batch.compression() != null) {
      throw new ShardFormatException(
          "the batch at %d is compressed or has not %d buffers".formatted(block.offset(), BUFFERS));
    }
    for (int i = 0; i < ArrowLayout.NODES; i++) {
      FieldNode node = batch.nodes(i);
      if (node.nullCount() != 0 || (i != 1 && node.length() != batch.length())) {
        throw new ShardFormatException(
            "the batch at %d has nulls or columns of unequal length".formatted(block.offset()));
      }
    }
    return batch;
  }

  /** An offsets buffer: {@code rows + 1} numbers from 0 to at most {@code limit}. */
  private static ByteBuffer offsets(
      RecordBatch batch, ByteBuffer body, int index, int rows, long limit) {
    ByteBuffer offsets = buffer(batch, body, index, (rows + 1L) * Integer.BYTES);
    int first = offsets.getInt(0);
    int last = offsets.getInt(rows * Integer.BYTES);
    if (first != 0 || last < 0 || last > limit) {
      throw new ShardFormatException(
          "an offsets buffer runs from %d to %d, allowed are 0 to %d"
              .formatted(first, last, limit));
    }
    return offsets;
  }

  private static ByteBuffer buffer(RecordBatch batch, ByteBuffer body, int index, long least) {
    Buffer buffer = batch.buffers(index);
    long offset = buffer.offset();
    long length = buffer.length();
    if (offset < 0 || length < least || offset > body.limit() - length) {
      throw new ShardFormatException(
          "buffer %d is said to lie at %d, %d bytes long, in a body of %d; it needs %d"
              .formatted(index, offset, length, body.limit(), least));
    }
    return body.slice((int) offset, (int) length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
