package org.instella.tokenize.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.instella.tokenize.shard.ArrowLayout.BUFFERS;
import static org.instella.tokenize.shard.ArrowLayout.CONTINUATION;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.instella.conf.error.BugException;
import org.instella.conf.error.DataException;
import org.instella.tokenize.shard.ArrowLayout.BlockAt;

/**
 * Writes one token shard front to back: the same documents give the same bytes, whoever writes
 * them.
 *
 * <p>Memory is one record batch (about 16 MiB, more only for a document that is larger itself) and
 * eight bytes per document for the id index. The stream is written but not closed; without {@link
 * #finish()} it holds no readable shard, so that a writer that fails leaves nothing to mistake for
 * one.
 */
public final class TokenShardWriter {
  /** A batch ends with the document that reaches one of these. */
  static final int BATCH_TOKENS = 4 << 20;

  private static final int BATCH_DOCUMENTS = 1 << 16;
  private static final int BATCH_TEXT_BYTES = 16 << 20;

  private static final byte[] PADDING = new byte[ArrowLayout.ALIGNMENT];

  private final OutputStream out;
  private final ShardHeader header;
  private final int tokensPerBatch;
  private final List<BlockAt> blocks = new ArrayList<>();
  private final CRC32 idHash = new CRC32();

  private final ByteRow documentOffsets = new ByteRow();
  private final ByteRow tokenIds = new ByteRow();
  private final ByteRow idOffsets = new ByteRow();
  private final ByteRow idBytes = new ByteRow();
  private final ByteRow fileOffsets = new ByteRow();
  private final ByteRow fileBytes = new ByteRow();
  private final ByteRow lines = new ByteRow();
  private final ByteRow none = new ByteRow();

  private long written;
  private long tokens;
  private int batchTokens;
  private int batchDocuments;
  private int documents;
  private long[] index = new long[1024];
  private String lastFile = "";
  private byte[] lastFileBytes = new byte[0];
  private boolean finished;

  /**
   * Starts a shard on {@code out}, which stays the caller's.
   *
   * @throws UncheckedIOException if the stream refuses the first bytes
   */
  public TokenShardWriter(OutputStream out, ShardHeader header) {
    this(out, header, BATCH_TOKENS);
  }

  /** With smaller batches, for tests. */
  TokenShardWriter(OutputStream out, ShardHeader header, int tokensPerBatch) {
    this.out = out;
    this.tokensPerBatch = tokensPerBatch;
    this.header = header;
    startBatch();
    try {
      write(ArrowLayout.MAGIC, ArrowLayout.MAGIC.length);
      pad(8);
      writeMessage(ArrowLayout.schemaMessage(header));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Appends one document of the first {@code count} of {@code ids}, the end-of-document id included
   * where the rule wants it.
   *
   * @throws DataException if an id is outside the vocabulary
   * @throws UncheckedIOException if the stream fails
   */
  public void add(int[] ids, int count, String id, String file, long line) {
    checkIds(ids, count, id, file, line);
    tokenIds.addIds(ids, 0, count, header.width());
    batchTokens += count;
    documentOffsets.addInt(batchTokens);
    byte[] idUtf8 = id.getBytes(UTF_8);
    idBytes.addBytes(idUtf8);
    idOffsets.addInt(idBytes.size());
    fileBytes.addBytes(fileUtf8(file));
    fileOffsets.addInt(fileBytes.size());
    lines.addLong(line);
    addToIndex(idUtf8);
    batchDocuments++;
    documents = Math.addExact(documents, 1);
    tokens += count;
    if (batchTokens >= tokensPerBatch
        || batchDocuments >= BATCH_DOCUMENTS
        || idBytes.size() + fileBytes.size() >= BATCH_TEXT_BYTES) {
      flushBatch();
    }
  }

  /** Documents added so far. */
  public int documents() {
    return documents;
  }

  /** Tokens added so far. */
  public long tokens() {
    return tokens;
  }

  /**
   * Writes the last batch and the footer; the shard is whole once the stream is flushed.
   *
   * @return the index of document ids, to be written beside the shard
   * @throws UncheckedIOException if the stream fails
   */
  public IdIndex finish() {
    if (finished) {
      throw new BugException(ShardError.SHARD_CORRUPT, "a token shard was finished twice");
    }
    finished = true;
    if (batchDocuments > 0) {
      flushBatch();
    }
    try {
      writeInt(CONTINUATION);
      writeInt(0);
      ByteBuffer footer = ArrowLayout.footer(header, blocks);
      int length = footer.remaining();
      write(footer);
      writeInt(length);
      write(ArrowLayout.MAGIC, ArrowLayout.MAGIC.length);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return IdIndex.sorted(Arrays.copyOf(index, documents));
  }

  private void checkIds(int[] ids, int count, String id, String file, long line) {
    int last = header.vocabularySize() - 1;
    int outside = 0;
    for (int i = 0; i < count; i++) {
      outside |= ids[i] | (last - ids[i]); // below 0 if one of the two is
    }
    for (int i = 0; outside < 0 && i < count; i++) {
      if (Integer.compareUnsigned(ids[i], last) > 0) {
        throw new DataException(
            ShardError.TOKEN_OUT_OF_RANGE,
            "Document %s (%s line %d) has token id %d at place %d; the vocabulary holds ids below %d"
                .formatted(id, file, line, ids[i], i, last + 1));
      }
    }
  }

  private byte[] fileUtf8(String file) {
    if (!file.equals(lastFile)) {
      lastFile = file;
      lastFileBytes = file.getBytes(UTF_8);
    }
    return lastFileBytes;
  }

  private void addToIndex(byte[] idUtf8) {
    if (documents == index.length) {
      index = Arrays.copyOf(index, Math.multiplyExact(index.length, 2));
    }
    idHash.reset();
    idHash.update(idUtf8);
    index[documents] = IdIndex.entry(idHash.getValue(), documents);
  }

  private void startBatch() {
    for (ByteRow row :
        List.of(documentOffsets, tokenIds, idOffsets, idBytes, fileOffsets, fileBytes, lines)) {
      row.clear();
    }
    documentOffsets.addInt(0);
    idOffsets.addInt(0);
    fileOffsets.addInt(0);
    batchTokens = 0;
    batchDocuments = 0;
  }

  private void flushBatch() {
    ByteRow[] buffers = new ByteRow[BUFFERS];
    Arrays.fill(buffers, none);
    buffers[ArrowLayout.DOCUMENT_OFFSETS] = documentOffsets;
    buffers[ArrowLayout.TOKENS] = tokenIds;
    buffers[ArrowLayout.ID_OFFSETS] = idOffsets;
    buffers[ArrowLayout.ID_BYTES] = idBytes;
    buffers[ArrowLayout.FILE_OFFSETS] = fileOffsets;
    buffers[ArrowLayout.FILE_BYTES] = fileBytes;
    buffers[ArrowLayout.LINES] = lines;
    long[] lengths = Arrays.stream(buffers).mapToLong(ByteRow::size).toArray();
    try {
      long start = written;
      writeMessage(ArrowLayout.batchMessage(batchDocuments, batchTokens, lengths));
      int metadataLength = Math.toIntExact(written - start);
      for (ByteRow buffer : buffers) {
        buffer.writeTo(out);
        written += buffer.size();
        pad(ArrowLayout.ALIGNMENT);
      }
      blocks.add(new BlockAt(start, metadataLength, ArrowLayout.bodyLength(lengths)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    startBatch();
  }

  /** Frames a message such that what follows it begins at a multiple of {@code ALIGNMENT}. */
  private void writeMessage(ByteBuffer message) throws IOException {
    long bodyAt = ArrowLayout.padded(written + 8 + message.remaining());
    writeInt(CONTINUATION);
    writeInt(Math.toIntExact(bodyAt - written - 4));
    write(message);
    pad(ArrowLayout.ALIGNMENT);
  }

  private void pad(int alignment) throws IOException {
    int over = (int) (written % alignment);
    if (over != 0) {
      write(PADDING, alignment - over);
    }
  }

  private void write(ByteBuffer buffer) throws IOException {
    write(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
  }

  private void writeInt(int value) throws IOException {
    byte[] bytes = {
      (byte) value, (byte) (value >>> 8), (byte) (value >>> 16), (byte) (value >>> 24)
    };
    write(bytes, 4);
  }

  private void write(byte[] bytes, int length) throws IOException {
    write(bytes, 0, length);
  }

  private void write(byte[] bytes, int from, int length) throws IOException {
    out.write(bytes, from, length);
    written += length;
  }
}
