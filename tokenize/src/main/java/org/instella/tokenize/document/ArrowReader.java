package org.instella.tokenize.document;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VariableWidthFieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ViewVarCharVector;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.instella.conf.error.DataException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.storage.Storage;

/**
 * String columns of an Arrow file or stream. A file is a stream between its magic and its footer,
 * so both are read front to back; a record batch at a time is held off heap.
 */
final class ArrowReader extends DocumentReader {
  private static final byte[] MAGIC = {'A', 'R', 'R', 'O', 'W', '1', 0, 0};

  private final BufferAllocator allocator = new RootAllocator();
  private final ArrowStreamReader stream;
  private final VectorSchemaRoot batch;
  private final VariableWidthFieldVector texts;
  private final Optional<VariableWidthFieldVector> ids;
  private final Optional<VariableWidthFieldVector> sources;
  private long rowsBefore;
  private int rowInBatch;

  ArrowReader(
      Storage storage,
      InputSlice slice,
      DocumentSchema schema,
      DocumentLimits limits,
      ReadTimes times) {
    super(slice, schema, limits, times);
    ArrowStreamReader opened = null;
    try {
      opened = new ArrowStreamReader(withoutMagic(metered(storage, 0)), allocator);
      batch = opened.getVectorSchemaRoot();
      texts = column(schema.text()).orElseThrow(() -> wrongColumn(schema.text(), "is missing"));
      ids = column(schema.id());
      sources = column(schema.source());
    } catch (IOException | RuntimeException e) {
      throw failedToOpen(opened, e);
    }
    stream = opened;
  }

  private RuntimeException failedToOpen(ArrowStreamReader opened, Exception e) {
    RuntimeException failure = translated(e);
    try (allocator) {
      if (opened != null) {
        opened.close();
      }
    } catch (IOException | RuntimeException closing) {
      failure.addSuppressed(closing);
    }
    return failure;
  }

  @Override
  DocumentEntry read() {
    long begin = System.nanoTime();
    long below = times.readNanos();
    try {
      while (rowInBatch >= batch.getRowCount()) {
        rowsBefore += batch.getRowCount();
        rowInBatch = 0;
        batch.clear();
        if (!stream.loadNextBatch()) {
          return null;
        }
      }
      int row = rowInBatch++;
      byte[] text = value(texts, row);
      if (text != null) {
        times.addUnpacked(0, text.length);
      }
      return TableRow.entry(
          slice,
          rowsBefore + row + 1,
          text,
          ids.map(column -> value(column, row)).orElse(null),
          sources.map(column -> value(column, row)).orElse(null),
          schema,
          limits);
    } catch (IOException | RuntimeException e) {
      throw translated(e);
    } finally {
      times.addParse(System.nanoTime() - begin - (times.readNanos() - below));
    }
  }

  @Override
  public void close() {
    try (allocator;
        stream) {
      batch.clear();
    } catch (IOException e) {
      throw translated(e);
    }
  }

  private static InputStream withoutMagic(InputStream in) throws IOException {
    PushbackInputStream begin = new PushbackInputStream(in, MAGIC.length);
    byte[] first = begin.readNBytes(MAGIC.length);
    if (!Arrays.equals(first, MAGIC)) {
      begin.unread(first);
    }
    return begin;
  }

  private Optional<VariableWidthFieldVector> column(String name) {
    FieldVector vector = batch.getVector(name);
    if (vector == null) {
      return Optional.empty();
    }
    boolean string =
        Stream.of(VarCharVector.class, LargeVarCharVector.class, ViewVarCharVector.class)
            .anyMatch(type -> type.isInstance(vector));
    if (!string) {
      throw wrongColumn(name, "is %s, not a string".formatted(vector.getField().getType()));
    }
    return Optional.of((VariableWidthFieldVector) vector);
  }

  private DataException wrongColumn(String name, String what) {
    return new DataException(
        DocumentError.WRONG_COLUMN,
        "Column \"%s\" of %s %s; its columns are %s: set columns.text, columns.id, columns.source"
            .formatted(
                name,
                slice.file().location(),
                what,
                batch.getSchema().getFields().stream().map(Field::getName).toList()));
  }

  private static byte[] value(VariableWidthFieldVector column, int row) {
    if (column.isNull(row)) {
      return null;
    }
    if (column instanceof VarCharVector strings) {
      return strings.get(row);
    }
    if (column instanceof LargeVarCharVector strings) {
      return strings.get(row);
    }
    return ((ViewVarCharVector) column).get(row);
  }

  private RuntimeException translated(Exception e) {
    if (e instanceof InstellaException ours) {
      return ours;
    }
    return damaged("it is no whole Arrow file or stream (%s)".formatted(e.getMessage()), e);
  }
}
