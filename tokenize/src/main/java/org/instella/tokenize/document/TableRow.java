package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.instella.tokenize.document.RejectedLine.Reason;

/** What Parquet and Arrow have in common: the bytes of three columns become a document. */
final class TableRow {
  private TableRow() {}

  /** The entry of row {@code row}, from 1; a null value stands for an absent one. */
  static DocumentEntry entry(
      InputSlice slice,
      long row,
      byte[] text,
      byte[] id,
      byte[] source,
      DocumentSchema schema,
      DocumentLimits limits) {
    String file = slice.label();
    if (text == null) {
      String detail = "\"%s\" is null".formatted(schema.text());
      return new RejectedLine(
          file, row, -1, 0, Reason.TEXT_MISSING, detail, ByteBuffer.allocate(0));
    }
    if (text.length > limits.lineBytes()) {
      String detail =
          "its text has %,d bytes, %,d are allowed".formatted(text.length, limits.lineBytes());
      return rejected(file, row, text, Reason.LINE_TOO_LONG, detail, limits);
    }
    int bad = Utf8.firstBad(text, 0, text.length);
    if (bad >= 0) {
      String detail = "byte %d of its text is not UTF-8".formatted(bad);
      return rejected(file, row, text, Reason.INVALID_UNICODE, detail, limits);
    }
    return new Document(
        id == null ? file + ":" + row : new String(id, UTF_8),
        text,
        source == null ? "" : new String(source, UTF_8),
        file,
        row);
  }

  private static RejectedLine rejected(
      String file, long row, byte[] text, Reason reason, String detail, DocumentLimits limits) {
    byte[] kept = Arrays.copyOf(text, Math.min(text.length, limits.quarantinedBytes()));
    return new RejectedLine(file, row, -1, text.length, reason, detail, ByteBuffer.wrap(kept));
  }
}
