package org.instella.tokenize.shard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.document.RejectedLine;

/**
 * The quarantine of a shard: one JSON object per rejected line, with the line itself as {@code raw}
 * where it is UTF-8 and as {@code raw_base64} where it is not. The file is made with the first
 * line.
 */
final class RejectedLines implements Closeable {
  /** The file's name is the shard's with this instead of {@code .arrow}. */
  static final String SUFFIX = ".rejected.jsonl";

  private final Storage storage;
  private final Location file;
  private DigestingOutputStream out;
  private JsonGenerator json;
  private long count;

  RejectedLines(Storage storage, Location file) {
    this.storage = storage;
    this.file = file;
  }

  void add(RejectedLine line) throws IOException {
    if (json == null) {
      OutputStream created = storage.create(file);
      out = new DigestingOutputStream(created);
      json = new JsonFactory().createGenerator(out);
      json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
    }
    json.writeStartObject();
    json.writeStringField("file", line.file());
    json.writeNumberField("line", line.line());
    json.writeNumberField("offset", line.offset());
    json.writeNumberField("bytes", line.bytes());
    json.writeStringField("reason", line.reason().name());
    json.writeStringField("detail", line.detail());
    Optional<String> text = utf8(line.raw());
    if (text.isPresent()) {
      json.writeStringField("raw", text.get());
    } else {
      json.writeFieldName("raw_base64");
      byte[] raw = new byte[line.raw().remaining()];
      line.raw().duplicate().get(raw);
      json.writeBinary(raw);
    }
    json.writeEndObject();
    count++;
  }

  long count() {
    return count;
  }

  /** Ends the file; empty where no line was rejected. */
  Optional<FileDigest> finish() throws IOException {
    if (json == null) {
      return Optional.empty();
    }
    json.writeRaw('\n');
    json.close();
    return Optional.of(out.finish(file.name()));
  }

  @Override
  public void close() throws IOException {
    if (out != null) {
      out.close();
    }
  }

  private static Optional<String> utf8(ByteBuffer bytes) {
    try {
      return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }
}
