package org.instella.tokenize.document;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.instella.conf.error.DataException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.storage.Storage;

/**
 * Flat string columns of a Parquet file, read column by column without records in between. Holds
 * the wanted columns of one row group, packed.
 */
final class ParquetReader extends DocumentReader {
  private final ParquetFileReader file;
  private final FileMetaData metadata;
  private final MessageType projection;
  private final List<String> wanted = new ArrayList<>();
  private final List<ColumnReader> columns = new ArrayList<>();
  private long row;
  private long rowsLeft;

  ParquetReader(
      Storage storage,
      InputSlice slice,
      DocumentSchema schema,
      DocumentLimits limits,
      ReadTimes times) {
    super(slice, schema, limits, times);
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withRange(slice.start(), slice.end())
            .build();
    try {
      file = ParquetFileReader.open(new StorageParquetFile(storage, slice, times), options);
    } catch (IOException | RuntimeException e) {
      throw translated(e);
    }
    metadata = file.getFileMetaData();
    projection = projection(metadata.getSchema());
    file.setRequestedSchema(projection);
  }

  @Override
  DocumentEntry read() {
    long begin = System.nanoTime();
    long below = times.readNanos();
    try {
      while (rowsLeft == 0) {
        if (!nextGroup()) {
          return null;
        }
      }
      rowsLeft--;
      row++;
      return entry();
    } catch (IOException | RuntimeException e) {
      throw translated(e);
    } finally {
      times.addParse(System.nanoTime() - begin - (times.readNanos() - below));
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw translated(e);
    }
  }

  private MessageType projection(MessageType all) {
    List<Type> types = new ArrayList<>();
    for (String name : List.of(schema.text(), schema.id(), schema.source())) {
      boolean there = all.containsField(name);
      if (there) {
        Type type = all.getType(name);
        boolean string =
            type.isPrimitive()
                && !type.isRepetition(Type.Repetition.REPEATED)
                && type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY;
        if (!string) {
          throw wrongColumn(name, "is %s, not a string".formatted(type), all);
        }
        types.add(type);
        wanted.add(name);
      } else if (name.equals(schema.text())) {
        throw wrongColumn(name, "is missing", all);
      }
    }
    return new MessageType(all.getName(), types);
  }

  private DataException wrongColumn(String name, String what, MessageType all) {
    return new DataException(
        DocumentError.WRONG_COLUMN,
        "Column \"%s\" of %s %s; its columns are %s: set columns.text, columns.id, columns.source"
            .formatted(
                name,
                slice.file().location(),
                what,
                all.getFields().stream().map(Type::getName).toList()));
  }

  private boolean nextGroup() throws IOException {
    PageReadStore pages = file.readNextRowGroup();
    if (pages == null) {
      return false;
    }
    rowsLeft = pages.getRowCount();
    row = pages.getRowIndexOffset().orElse(row);
    ColumnReadStoreImpl store =
        new ColumnReadStoreImpl(pages, new NoRecords(), projection, metadata.getCreatedBy());
    columns.clear();
    for (String name : wanted) {
      columns.add(store.getColumnReader(projection.getColumnDescription(new String[] {name})));
    }
    return true;
  }

  private DocumentEntry entry() {
    byte[] text = null;
    byte[] id = null;
    byte[] source = null;
    for (int i = 0; i < wanted.size(); i++) {
      ColumnReader column = columns.get(i);
      boolean present =
          column.getCurrentDefinitionLevel() == column.getDescriptor().getMaxDefinitionLevel();
      byte[] value = present ? column.getBinary().getBytes() : null;
      column.consume();
      String name = wanted.get(i);
      if (name.equals(schema.text())) {
        text = value;
      } else if (name.equals(schema.id())) {
        id = value;
      } else {
        source = value;
      }
    }
    if (text != null) {
      times.addUnpacked(0, text.length);
    }
    return TableRow.entry(slice, row, text, id, source, schema, limits);
  }

  private RuntimeException translated(Exception e) {
    if (e instanceof InstellaException ours) {
      return ours;
    }
    return damaged(
        "it is no whole Parquet file with readable pages (%s)".formatted(e.getMessage()), e);
  }

  /** The column store wants a place for records; the values are taken before they get there. */
  private static final class NoRecords extends GroupConverter {
    @Override
    public Converter getConverter(int fieldIndex) {
      return new PrimitiveConverter() {};
    }

    @Override
    public void start() {}

    @Override
    public void end() {}
  }
}
