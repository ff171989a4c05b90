package org.instella.tokenize.document;

import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Storage;

/**
 * Reads the documents of one file, or of a slice of it, front to back.
 *
 * <p>A bad line comes out as a {@link RejectedLine} and reading goes on; a bad file (cut short,
 * damaged, without the text column, unpacking without end) ends with a {@link DataException} that
 * names it and the place. Blank lines are skipped. Belongs to one thread.
 */
public abstract class DocumentReader implements Iterator<DocumentEntry>, AutoCloseable {
  final InputSlice slice;
  final DocumentSchema schema;
  final DocumentLimits limits;
  final ReadTimes times;
  private MeteredStream stored;
  private boolean lending;
  private DocumentEntry upcoming;

  DocumentReader(InputSlice slice, DocumentSchema schema, DocumentLimits limits, ReadTimes times) {
    this.slice = slice;
    this.schema = schema;
    this.limits = limits;
    this.times = times;
  }

  /**
   * Opens a slice of a file; the file's format was decided when it was listed.
   *
   * @throws DataException if the file is missing, or damaged at its beginning
   */
  public static DocumentReader open(
      Storage storage, InputSlice slice, DocumentSchema schema, DocumentLimits limits) {
    return open(storage, slice, schema, limits, new ReadBuffers());
  }

  /**
   * As the other, for who reads one file after the other: in the buffers of the reader before,
   * which has been closed.
   */
  public static DocumentReader open(
      Storage storage,
      InputSlice slice,
      DocumentSchema schema,
      DocumentLimits limits,
      ReadBuffers buffers) {
    ReadTimes times = new ReadTimes();
    return switch (slice.file().format()) {
      case JSON_LINES, JSON_LINES_GZIP, JSON_LINES_ZSTD ->
          new JsonLinesReader(storage, slice, schema, limits, times, buffers);
      case PARQUET -> new ParquetReader(storage, slice, schema, limits, times);
      case ARROW -> new ArrowReader(storage, slice, schema, limits, times);
    };
  }

  /**
   * From now on the reader may hand out documents whose texts stand in a buffer of its own and are
   * gone with the next call of {@link #hasNext}: for who is done with one before he asks for
   * another, and would throw away a copy.
   */
  public final void lendTexts() {
    lending = true;
  }

  /** Whether a text need not outlive the next document. */
  final boolean lends() {
    return lending;
  }

  /** The next entry, or null at the end. */
  abstract DocumentEntry read();

  /** What reading has cost so far. */
  public final ReadTimes times() {
    return times;
  }

  @Override
  public final boolean hasNext() {
    if (upcoming == null) {
      upcoming = read();
    }
    return upcoming != null;
  }

  @Override
  public final DocumentEntry next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no document is left in " + slice.label());
    }
    DocumentEntry entry = upcoming;
    upcoming = null;
    return entry;
  }

  @Override
  public abstract void close();

  /**
   * CRC-32C of the stored bytes of the slice, eight hexadecimal digits; empty where they were not
   * all read front to back, as those of a table are not.
   */
  public final Optional<String> crc32c() {
    return stored == null ? Optional.empty() : stored.crc32c();
  }

  final InputStream metered(Storage storage, long offset) {
    stored = new MeteredStream(storage.open(slice.file().location(), offset), slice, offset, times);
    return stored;
  }

  final DataException damaged(String why, Throwable cause) {
    return new DataException(
        DocumentError.DAMAGED_FILE,
        "%s cannot be read: %s".formatted(slice.file().location(), why),
        cause);
  }

  final void closeQuietly(InputStream in) {
    try {
      in.close();
    } catch (IOException e) {
      throw damaged(e.getMessage(), e);
    }
  }
}
