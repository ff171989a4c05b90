package org.instella.tokenize.shard.convert;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.DocumentRef;
import org.instella.tokenize.shard.TokenShard;

/**
 * The {@code .csv.gz} beside a shard: one row {@code start,end,id,src,loc} per document, without a
 * heading, in the dialect of Python's {@code csv} module (rows end in CR LF; a field that holds a
 * comma, quote or line break stands in quotes, quotes doubled).
 */
final class DocumentTable {
  static final String SUFFIX = ".csv.gz";

  private DocumentTable() {}

  static FileDigest write(Storage storage, TokenShard shard, Location file) throws IOException {
    DigestingOutputStream out = new DigestingOutputStream(storage.create(file));
    try (Writer rows =
        new BufferedWriter(new OutputStreamWriter(new GZIPOutputStream(out, 1 << 16), UTF_8))) {
      for (int document = 0; document < shard.documents(); document++) {
        DocumentRef ref = shard.ref(document);
        rows.write(Long.toString(ref.start()));
        rows.write(',');
        rows.write(Long.toString(ref.end()));
        rows.write(',');
        writeField(rows, ref.id());
        rows.write(',');
        writeField(rows, ref.file());
        rows.write(',');
        rows.write(Long.toString(ref.line()));
        rows.write("\r\n");
      }
    }
    return out.finish(file.name());
  }

  private static void writeField(Writer rows, String field) throws IOException {
    boolean plain = true;
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      plain &= c != ',' && c != '"' && c != '\r' && c != '\n';
    }
    rows.write(plain ? field : '"' + field.replace("\"", "\"\"") + '"');
  }

  /** One row as it stands in the file. */
  record Row(long start, long end, String id, String file, long line) {}

  /** Reads rows one after the other. */
  static final class Reader implements AutoCloseable {
    private final java.io.Reader in;
    private final Location file;
    private long row;

    Reader(Storage storage, Location file) throws IOException {
      this.file = file;
      this.in =
          new BufferedReader(
              new InputStreamReader(new GZIPInputStream(storage.open(file), 1 << 16), UTF_8));
    }

    /** The next row, empty at the end. */
    Optional<Row> next() throws IOException {
      List<String> fields = fields();
      if (fields.isEmpty()) {
        return Optional.empty();
      }
      row++;
      try {
        if (fields.size() == 5) {
          return Optional.of(
              new Row(
                  Long.parseLong(fields.get(0)),
                  Long.parseLong(fields.get(1)),
                  fields.get(2),
                  fields.get(3),
                  Long.parseLong(fields.get(4))));
        }
      } catch (NumberFormatException e) {
        throw malformed(e);
      }
      throw malformed(null);
    }

    private DataException malformed(NumberFormatException cause) {
      return new DataException(
          ConvertError.INCONSISTENT_FILES,
          "Row %d of %s is not start,end,id,src,loc".formatted(row, file),
          cause);
    }

    /** The fields of a row; none at the end of the file. */
    private List<String> fields() throws IOException {
      int c = in.read();
      while (c == '\r' || c == '\n') {
        c = in.read();
      }
      List<String> fields = new ArrayList<>();
      if (c < 0) {
        return fields;
      }
      StringBuilder field = new StringBuilder();
      boolean quoted = false;
      while (c >= 0 && (quoted || (c != '\r' && c != '\n'))) {
        if (c == '"' && quoted) {
          int next = in.read();
          if (next == '"') {
            field.append('"');
          } else {
            quoted = false;
            c = next;
            continue;
          }
        } else if (c == '"' && field.isEmpty()) {
          quoted = true;
        } else if (c == ',' && !quoted) {
          fields.add(field.toString());
          field.setLength(0);
        } else {
          field.append((char) c);
        }
        c = in.read();
      }
      fields.add(field.toString());
      return fields;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
