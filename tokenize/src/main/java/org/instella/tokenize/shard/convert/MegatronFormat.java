package org.instella.tokenize.shard.convert;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.TokenShard;
import org.instella.tokenize.shard.TokenWidth;

/**
 * Megatron-Core's indexed data set: {@code NAME.bin}, the raw ids, and {@code NAME.idx},
 * little-endian:
 *
 * <pre>
 * 9 bytes  "MMIDIDX" and two zero bytes
 * uint64   version, 1
 * uint8    type of an id: 8 = uint16, 4 = int32
 * uint64   sequences
 * uint64   documents + 1
 * int32    tokens of each sequence
 * int64    byte where each sequence begins in .bin
 * int64    number of the first sequence of each document, and the number of sequences at the end
 * </pre>
 *
 * <p>We write a sequence per document, and beside them Dolma's {@code NAME.csv.gz}, since the
 * format has no place for ids and origins; Megatron does not look at it. Without one the documents
 * are named after the file.
 */
public record MegatronFormat() implements ForeignFormat {
  private static final String IDS = ".bin";
  private static final String INDEX = ".idx";
  private static final byte[] MAGIC = {'M', 'M', 'I', 'D', 'I', 'D', 'X', 0, 0};
  private static final int HEADER_BYTES = 34;
  private static final int INT32 = 4;
  private static final int UINT16 = 8;

  @Override
  public String kind() {
    return "tokens-megatron";
  }

  @Override
  public String ending() {
    return IDS;
  }

  @Override
  public List<FileDigest> write(Storage storage, TokenShard shard, Location folder, String name)
      throws IOException {
    Location ids = folder.resolve(name + IDS);
    Location index = folder.resolve(name + INDEX);
    try (DigestingOutputStream idsOut = new DigestingOutputStream(storage.create(ids));
        DigestingOutputStream indexOut = new DigestingOutputStream(storage.create(index))) {
      IdStream.write(shard, idsOut);
      idsOut.close();
      OutputStream buffered = new BufferedOutputStream(indexOut, 1 << 16);
      writeIndex(shard, buffered);
      buffered.close();
      return List.of(
          idsOut.finish(ids.name()),
          indexOut.finish(index.name()),
          DocumentTable.write(storage, shard, folder.resolve(name + DocumentTable.SUFFIX)));
    }
  }

  private static void writeIndex(TokenShard shard, OutputStream out) throws IOException {
    TokenWidth width = shard.header().width();
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(MAGIC).putLong(1).put((byte) (width == TokenWidth.UINT16 ? UINT16 : INT32));
    bytes.putLong(shard.documents()).putLong(shard.documents() + 1L);
    out.write(bytes.array());
    for (int i = 0; i < shard.documents(); i++) {
      long length = shard.start(i + 1) - shard.start(i);
      out.write(bytes.clear().putInt(Math.toIntExact(length)).array(), 0, Integer.BYTES);
    }
    for (int i = 0; i < shard.documents(); i++) {
      long begin = shard.start(i) * width.bytes();
      out.write(bytes.clear().putLong(begin).array(), 0, Long.BYTES);
    }
    for (int i = 0; i <= shard.documents(); i++) {
      out.write(bytes.clear().putLong(i).array(), 0, Long.BYTES);
    }
  }

  @Override
  public void read(
      Storage storage, Location folder, String name, ShardHeader header, DocumentSink documents)
      throws IOException {
    Location table = folder.resolve(name + DocumentTable.SUFFIX);
    try (Index index = new Index(storage, folder.resolve(name + INDEX));
        InputStream in =
            new BufferedInputStream(storage.open(folder.resolve(name + IDS)), 1 << 16)) {
      if (storage.exists(table)) {
        try (DocumentTable.Reader rows = new DocumentTable.Reader(storage, table)) {
          read(index, in, name, Optional.of(rows), documents);
        }
      } else {
        read(index, in, name, Optional.empty(), documents);
      }
      if (in.read() >= 0) {
        throw inconsistent(folder.resolve(name + IDS), "it goes on behind the last document");
      }
    }
  }

  private static void read(
      Index index,
      InputStream in,
      String name,
      Optional<DocumentTable.Reader> rows,
      DocumentSink documents)
      throws IOException {
    int[] ids = new int[1024];
    long position = 0;
    for (long document = 0; document < index.documents; document++) {
      long tokens = index.nextDocument(position);
      int count = Math.toIntExact(tokens);
      ids = count > ids.length ? new int[count] : ids;
      IdStream.read(in, index.width, ids, count);
      String id = name + ":" + (document + 1);
      String file = name + IDS;
      long line = document + 1;
      if (rows.isPresent()) {
        long start = position;
        DocumentTable.Row row =
            rows.get()
                .next()
                .filter(r -> r.start() == start && r.end() == start + count)
                .orElseThrow(() -> inconsistent(index.file, "its .csv.gz has other documents"));
        id = row.id();
        file = row.file();
        line = row.line();
      }
      documents.add(ids, count, id, file, line);
      position += count;
    }
  }

  private static DataException inconsistent(Location file, String why) {
    return new DataException(
        ConvertError.INCONSISTENT_FILES,
        "%s does not fit its shard: %s; make the shard again".formatted(file, why));
  }

  /** The three arrays of an index, read side by side. */
  private static final class Index implements AutoCloseable {
    private final Location file;
    private final TokenWidth width;
    private final long sequences;
    private final long documents;
    private final DataInputStream lengths;
    private final DataInputStream begins;
    private final DataInputStream firsts;
    private long sequence;

    Index(Storage storage, Location file) throws IOException {
      this.file = file;
      byte[] header = new byte[HEADER_BYTES];
      try (InputStream in = storage.open(file)) {
        in.readNBytes(header, 0, HEADER_BYTES);
      }
      ByteBuffer bytes = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
      if (!Arrays.equals(header, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
          || bytes.getLong(MAGIC.length) != 1) {
        throw inconsistent(file, "it does not begin with MMIDIDX, version 1");
      }
      width = width(bytes.get(17));
      sequences = bytes.getLong(18);
      documents = bytes.getLong(26) - 1;
      long expected = HEADER_BYTES + 12 * sequences + 8 * (documents + 1);
      long actual = storage.stat(file).bytes();
      if (sequences < 0 || documents < 0 || documents > sequences || actual < expected) {
        throw inconsistent(
            file,
            "%d sequences and %d documents do not fit %d bytes"
                .formatted(sequences, documents, actual));
      }
      lengths = open(storage, HEADER_BYTES);
      begins = open(storage, HEADER_BYTES + 4 * sequences);
      firsts = open(storage, HEADER_BYTES + 12 * sequences);
      nextFirst();
    }

    private DataInputStream open(Storage storage, long offset) {
      return new DataInputStream(new BufferedInputStream(storage.open(file, offset), 1 << 16));
    }

    private TokenWidth width(byte type) {
      return switch (type) {
        case UINT16 -> TokenWidth.UINT16;
        case INT32 -> TokenWidth.UINT32;
        default ->
            throw new DataException(
                ConvertError.UNSUPPORTED_TYPE,
                "%s holds ids of type %d; token ids are uint16 (8) or int32 (4)"
                    .formatted(file, type));
      };
    }

    private long nextFirst() throws IOException {
      long first = Long.reverseBytes(firsts.readLong());
      if (first < sequence || first > sequences) {
        throw inconsistent(
            file, "a document begins with sequence %d of %d".formatted(first, sequences));
      }
      return first;
    }

    /** Tokens of the next document, whose first is at {@code position}. */
    long nextDocument(long position) throws IOException {
      long until = nextFirst();
      long tokens = 0;
      for (; sequence < until; sequence++) {
        long begin = Long.reverseBytes(begins.readLong());
        if (begin != (position + tokens) * width.bytes()) {
          throw inconsistent(
              file, "sequence %d begins at byte %d, not in order".formatted(sequence, begin));
        }
        int length = Integer.reverseBytes(lengths.readInt());
        if (length < 0) {
          throw inconsistent(file, "sequence %d has %d tokens".formatted(sequence, length));
        }
        tokens += length;
      }
      return tokens;
    }

    @Override
    public void close() throws IOException {
      try (lengths;
          begins;
          firsts) {
        // Only closed.
      }
    }
  }
}
