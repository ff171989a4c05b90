package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.document.RejectedLine.Reason;
import org.instella.tokenize.document.gzip.GzipStream;

/**
 * JSON lines. {@link JsonLine} takes the wanted fields out of nearly all of them; where it gives
 * up, Jackson reads the line as a stream of tokens and decides, with a reason. Where a key stands
 * twice, the later one counts, as in Python.
 */
final class JsonLinesReader extends DocumentReader {
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final JsonFactory json;
  private final JsonLine fast;
  private final LineScanner lines;

  /** Where the input is Zstandard, else null. */
  private final ZstdSliceStream frames;

  JsonLinesReader(
      Storage storage,
      InputSlice slice,
      DocumentSchema schema,
      DocumentLimits limits,
      ReadTimes times,
      ReadBuffers buffers) {
    super(slice, schema, limits, times);
    // The line limit is the limit; NaN and Infinity in metadata are no reason to lose a document.
    this.json =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxStringLength((int) limits.lineBytes())
                    .maxNameLength((int) limits.lineBytes())
                    .maxNumberLength((int) limits.lineBytes())
                    .build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();
    this.fast = new JsonLine(schema, buffers.text(), buffers.names());
    if (slice.file().format() == InputFormat.JSON_LINES_ZSTD) {
      this.frames = zstd(storage);
      this.lines = new LineScanner(frames, slice.file(), 0, limits, times, buffers);
    } else {
      // A slice begins behind the line that the slice before it ends with.
      long offset = Math.max(0, slice.start() - 1);
      this.frames = null;
      this.lines =
          new LineScanner(
              unpacked(storage, offset, buffers), slice.file(), offset, limits, times, buffers);
    }
    if (slice.start() > 0) {
      dropLineOfSliceBefore();
    }
  }

  private void dropLineOfSliceBefore() {
    try {
      if (lines.next()) {
        lines.forgetNumber();
      }
    } catch (RuntimeException e) {
      lines.close();
      throw e;
    }
  }

  private InputStream unpacked(Storage storage, long offset, ReadBuffers buffers) {
    InputStream stored = metered(storage, offset);
    return slice.file().format() == InputFormat.JSON_LINES_GZIP
        ? new GzipStream(stored, buffers.gzip())
        : stored;
  }

  private ZstdSliceStream zstd(Storage storage) {
    try {
      return new ZstdSliceStream(metered(storage, slice.start()), slice.bytes());
    } catch (IOException e) {
      throw damaged(e.getMessage(), e);
    }
  }

  @Override
  DocumentEntry read() {
    long begin = System.nanoTime();
    long below = times.readNanos() + times.unpackNanos();
    DocumentEntry entry = null;
    if (takeAhead()) {
      if (isOurs()) {
        entry = fastDocument();
      }
    } else {
      while (entry == null && lines.next() && isOurs()) {
        entry = entry();
      }
    }
    times.addParse(System.nanoTime() - begin - (times.readNanos() + times.unpackNanos() - below));
    return entry;
  }

  /** Whether the next line is a plain document: most are. */
  private boolean takeAhead() {
    if (!lines.lookAhead()) {
      return false;
    }
    int newline = fast.readLine(lines.buffer(), lines.ahead(), lines.complete());
    if (newline < 0 || newline - lines.ahead() > limits.lineBytes()) {
      return false;
    }
    lines.take(newline);
    return true;
  }

  /**
   * Whether the line begins in this slice. Of Zstandard the line that begins right behind it too:
   * who begins there cannot see that the byte before was a newline, and drops it.
   */
  private boolean isOurs() {
    return switch (slice.file().format()) {
      case JSON_LINES -> lines.offset() < slice.end();
      case JSON_LINES_ZSTD -> lines.offset() <= frames.boundary();
      case JSON_LINES_GZIP, PARQUET, ARROW -> true;
    };
  }

  @Override
  public void close() {
    lines.close();
  }

  /** Null for a blank line. */
  private DocumentEntry entry() {
    byte[] bytes = lines.buffer();
    int from = lines.start();
    int to = lines.end();
    if (lines.length() > limits.lineBytes()) {
      return rejected(
          Reason.LINE_TOO_LONG,
          "it has %,d bytes, %,d are allowed".formatted(lines.length(), limits.lineBytes()));
    }
    if (lines.offset() == 0
        && to - from >= 3
        && Arrays.equals(bytes, from, from + 3, BYTE_ORDER_MARK, 0, 3)) {
      from += 3;
    }
    while (from < to && isSpace(bytes[from])) {
      from++;
    }
    if (from == to) {
      return null;
    }
    int bad = Utf8.firstBad(bytes, from, to);
    if (bad >= 0) {
      return rejected(
          Reason.INVALID_UNICODE,
          "byte %d of the line (0x%02X) is not UTF-8".formatted(bad - lines.start(), bytes[bad]));
    }
    // Jackson would take zero bytes at the beginning for UTF-16.
    if (bytes[from] == 0 || (to - from > 1 && bytes[from + 1] == 0)) {
      return rejected(Reason.BAD_JSON, "it begins with a zero byte");
    }
    if (fast.read(bytes, from, to)) {
      return fastDocument();
    }
    try (JsonParser parser = json.createParser(bytes, from, to - from)) {
      return document(parser);
    } catch (JsonParseException e) {
      return rejected(
          Reason.BAD_JSON,
          "%s at column %d"
              .formatted(firstSentence(e.getOriginalMessage()), e.getLocation().getColumnNr()));
    } catch (StreamConstraintsException e) {
      return rejected(Reason.BAD_JSON, e.getOriginalMessage());
    } catch (EOFException e) {
      return rejected(Reason.BAD_JSON, "it ends in the middle");
    } catch (IOException e) {
      return rejected(Reason.BAD_JSON, String.valueOf(e.getMessage()));
    }
  }

  private DocumentEntry document(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return rejected(Reason.NOT_AN_OBJECT, "it is no JSON object");
    }
    String id = null;
    String text = null;
    String source = "";
    JsonToken textType = null;
    String wrongField = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals(schema.text())) {
        textType = value;
        text = value == JsonToken.VALUE_STRING ? parser.getText() : null;
      } else if (name.equals(schema.id())) {
        id = scalar(parser, value);
        wrongField = value.isStructStart() ? name : wrongField;
      } else if (name.equals(schema.source())) {
        source = scalar(parser, value);
        wrongField = value.isStructStart() ? name : wrongField;
      }
      parser.skipChildren();
    }
    if (parser.nextToken() != null) {
      return rejected(Reason.BAD_JSON, "something follows the object");
    }
    if (textType == null || textType == JsonToken.VALUE_NULL) {
      return rejected(Reason.TEXT_MISSING, "it has no \"%s\"".formatted(schema.text()));
    }
    if (text == null) {
      return rejected(Reason.TEXT_NOT_A_STRING, "\"%s\" is %s".formatted(schema.text(), textType));
    }
    if (wrongField != null) {
      return rejected(
          Reason.FIELD_NOT_A_STRING, "\"%s\" is a list or object".formatted(wrongField));
    }
    if (!Utf8.wellFormed(text) || (id != null && !Utf8.wellFormed(id))) {
      return rejected(Reason.INVALID_UNICODE, "an escape gives half a surrogate pair");
    }
    byte[] utf8 = text.getBytes(UTF_8);
    return document(id, utf8, utf8.length, source);
  }

  private Document fastDocument() {
    JsonString text = fast.text();
    byte[] bytes = lends() ? text.text() : Arrays.copyOf(text.text(), text.size());
    return document(fast.id(), bytes, text.size(), fast.source());
  }

  private Document document(String id, byte[] text, int size, String source) {
    String file = slice.label();
    return new Document(
        id == null ? file + ":" + lines.number() : id,
        text,
        size,
        source == null ? "" : source,
        file,
        lines.number());
  }

  private static String scalar(JsonParser parser, JsonToken value) throws IOException {
    return value.isScalarValue() && value != JsonToken.VALUE_NULL ? parser.getText() : null;
  }

  private static boolean isSpace(byte value) {
    return value == ' ' || value == '\r' || value == '\t';
  }

  /** Jackson's messages go on with pieces of the text, which have no place in a log. */
  private static String firstSentence(String message) {
    int end = message.indexOf(':');
    return end < 0 ? message : message.substring(0, end);
  }

  private RejectedLine rejected(Reason reason, String detail) {
    int kept = Math.min(lines.end() - lines.start(), limits.quarantinedBytes());
    return new RejectedLine(
        slice.label(),
        lines.number(),
        lines.offset(),
        lines.length(),
        reason,
        detail,
        ByteBuffer.wrap(Arrays.copyOfRange(lines.buffer(), lines.start(), lines.start() + kept)));
  }
}
