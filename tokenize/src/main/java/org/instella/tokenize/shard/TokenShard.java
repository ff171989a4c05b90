package org.instella.tokenize.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * One token shard, read through a memory map: opening it touches the footer and one page per record
 * batch, reading copies only what is asked for.
 *
 * <p>Positions count tokens and ordinals count documents, both from 0 within the shard. Safe to
 * share between threads. The map is freed with the object; a shard whose file is cut short while it
 * is mapped takes the JVM down with it, so shards are published by renaming and never written
 * again.
 */
public final class TokenShard {
  /** The ending of a shard's name. */
  public static final String SUFFIX = ".arrow";

  private final Path file;
  private final ShardHeader header;
  private final TokenWidth width;
  private final List<ShardBatch> batches;
  private final long[] firstTokens;
  private final int[] firstDocuments;
  private final long tokens;
  private final int documents;
  private final Optional<IdIndex> index;

  private TokenShard(
      Path file, ShardHeader header, List<ShardBatch> batches, Optional<IdIndex> index) {
    this.file = file;
    this.header = header;
    this.width = header.width();
    this.batches = batches;
    this.firstTokens = batches.stream().mapToLong(ShardBatch::firstToken).toArray();
    this.firstDocuments = batches.stream().mapToInt(ShardBatch::firstDocument).toArray();
    this.tokens = batches.stream().mapToLong(ShardBatch::tokens).sum();
    this.documents = batches.stream().mapToInt(ShardBatch::documents).sum();
    this.index = index;
  }

  /**
   * Opens a shard, and the index of its document ids where one lies beside it; copies them to local
   * disk first where they are remote.
   *
   * @throws DataException if the bytes are not a shard of this format
   */
  public static TokenShard open(Storage storage, Location shard) {
    Location ids = shard.parent().resolve(indexName(shard.name()));
    return open(
        storage.localCopy(shard),
        storage.exists(ids) ? Optional.of(storage.localCopy(ids)) : Optional.empty());
  }

  /** Opens a shard in a local file, with the index of its document ids where there is one. */
  public static TokenShard open(Path shard) {
    Path ids = shard.resolveSibling(indexName(shard.getFileName().toString()));
    return open(shard, Files.exists(ids) ? Optional.of(ids) : Optional.empty());
  }

  private static TokenShard open(Path shard, Optional<Path> ids) {
    try (FileChannel channel = FileChannel.open(shard, StandardOpenOption.READ)) {
      ShardFooter footer = ShardFooter.read(channel);
      List<ShardBatch> batches = ShardMap.batches(channel, footer);
      TokenShard opened = new TokenShard(shard, footer.header(), batches, ids.map(IdIndex::open));
      opened.checkIndex();
      return opened;
    } catch (IOException e) {
      throw new EnvironmentException(
          ShardError.SHARD_CORRUPT, "Cannot read token shard %s: %s".formatted(shard, e), e);
    } catch (ShardFormatException
        | IndexOutOfBoundsException
        | IllegalArgumentException
        | ArithmeticException
        | AssertionError e) {
      // Flatbuffers trusts its offsets: hostile ones show as index errors.
      throw corrupt(shard, String.valueOf(e.getMessage()), e);
    }
  }

  /** The name of the id index that belongs to a shard of this name. */
  static String indexName(String shard) {
    return shard.endsWith(SUFFIX)
        ? shard.substring(0, shard.length() - SUFFIX.length()) + IdIndex.SUFFIX
        : shard + IdIndex.SUFFIX;
  }

  /** What is true of all its documents. */
  public ShardHeader header() {
    return header;
  }

  /** The number of tokens, end-of-document ids included. */
  public long tokens() {
    return tokens;
  }

  /** The number of documents. */
  public int documents() {
    return documents;
  }

  /** The token at {@code position}. */
  public int tokenAt(long position) {
    int[] one = new int[1];
    copy(position, one, 0, 1);
    return one[0];
  }

  /**
   * Copies {@code length} tokens from {@code position} into {@code out}, beginning at {@code from}.
   *
   * @throws DataException if the range leaves the shard
   */
  public void copy(long position, int[] out, int from, int length) {
    if (position < 0 || length < 0 || position > tokens - length) {
      throw new DataException(
          ShardError.OUT_OF_RANGE,
          "Tokens %d to %d were asked of shard %s, which has %d"
              .formatted(position, position + length, file, tokens));
    }
    int batchAt = length == 0 ? 0 : batchOfToken(position);
    int done = 0;
    while (done < length) {
      ShardBatch batch = batches.get(batchAt++);
      int token = (int) (position + done - batch.firstToken());
      int now = Math.min(length - done, batch.tokens() - token);
      batch.copy(width, token, out, from + done, now);
      done += now;
    }
  }

  /** All tokens of one document, its end-of-document id included. */
  public int[] document(int document) {
    DocumentRef ref = ref(document);
    int[] ids = new int[Math.toIntExact(ref.tokens())];
    copy(ref.start(), ids, 0, ids.length);
    return ids;
  }

  /**
   * Position of the first token of {@code document}; for {@code documents()} the end of the shard.
   */
  public long start(int document) {
    if (document == documents) {
      return tokens;
    }
    ShardBatch batch = batches.get(batchOfDocument(document));
    return batch.firstToken() + batch.documentOffsets().get(document - batch.firstDocument());
  }

  /** The document that holds the token at {@code position}. */
  public DocumentRef documentAt(long position) {
    if (position < 0 || position >= tokens) {
      throw new DataException(
          ShardError.OUT_OF_RANGE,
          "Position %d is outside shard %s, which has %d tokens".formatted(position, file, tokens));
    }
    ShardBatch batch = batches.get(batchOfToken(position));
    return ref(batch.firstDocument() + batch.documentAt((int) (position - batch.firstToken())));
  }

  /** Where {@code document} came from and where its tokens are. */
  public DocumentRef ref(int document) {
    ShardBatch batch = batches.get(batchOfDocument(document));
    int row = document - batch.firstDocument();
    int start = batch.documentOffsets().get(row);
    int end = batch.documentOffsets().get(row + 1);
    if (start < 0 || end < start || end > batch.tokens()) {
      throw corrupt(file, "document %d runs from %d to %d".formatted(document, start, end), null);
    }
    try {
      return new DocumentRef(
          document,
          text(batch.idOffsets(), batch.idBytes(), row),
          text(batch.fileOffsets(), batch.fileBytes(), row),
          batch.lines().get(row),
          batch.firstToken() + start,
          batch.firstToken() + end);
    } catch (IndexOutOfBoundsException | NegativeArraySizeException e) {
      throw corrupt(file, "the offsets of document %d lead outside it".formatted(document), e);
    }
  }

  /**
   * The documents with this id, in order; several where the corpus repeats it. A binary search
   * where the shard has an id index, else a walk through the id column.
   */
  public List<DocumentRef> find(String id) {
    byte[] wanted = id.getBytes(UTF_8);
    IntPredicate isIt = document -> hasId(document, wanted);
    int[] found =
        index.isPresent()
            ? index.get().find(id, isIt)
            : IntStream.range(0, documents).filter(isIt).toArray();
    return Arrays.stream(found).mapToObj(this::ref).toList();
  }

  Path file() {
    return file;
  }

  List<ShardBatch> batches() {
    return batches;
  }

  private void checkIndex() {
    if (index.isPresent() && index.get().size() != documents) {
      throw new ShardFormatException(
          "its id index knows %d documents, the shard has %d"
              .formatted(index.get().size(), documents));
    }
  }

  private boolean hasId(int document, byte[] wanted) {
    if (document < 0 || document >= documents) {
      throw corrupt(file, "its id index names document " + document, null);
    }
    ShardBatch batch = batches.get(batchOfDocument(document));
    int row = document - batch.firstDocument();
    int start = batch.idOffsets().get(row);
    if (batch.idOffsets().get(row + 1) - start != wanted.length) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (batch.idBytes().get(start + i) != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  private static String text(IntBuffer offsets, ByteBuffer bytes, int row) {
    int start = offsets.get(row);
    byte[] copy = new byte[offsets.get(row + 1) - start];
    bytes.get(start, copy);
    return new String(copy, UTF_8);
  }

  private int batchOfToken(long position) {
    int at = Arrays.binarySearch(firstTokens, position);
    if (at < 0) {
      return -at - 2;
    }
    // Batches without tokens share their first position with the batch behind them.
    while (batches.get(at).tokens() == 0) {
      at++;
    }
    return at;
  }

  private int batchOfDocument(int document) {
    if (document < 0 || document >= documents) {
      throw new DataException(
          ShardError.OUT_OF_RANGE,
          "Document %d is outside shard %s, which has %d documents"
              .formatted(document, file, documents));
    }
    int at = Arrays.binarySearch(firstDocuments, document);
    if (at < 0) {
      return -at - 2;
    }
    while (batches.get(at).documents() == 0) {
      at++;
    }
    return at;
  }

  static DataException corrupt(Path file, String why, Throwable cause) {
    return new DataException(
        ShardError.SHARD_CORRUPT,
        "Token shard %s cannot be read: %s; write it again with instella tokenize"
            .formatted(file, why),
        cause);
  }
}
