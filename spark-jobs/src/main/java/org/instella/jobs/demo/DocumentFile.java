package org.instella.jobs.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** JSON lines, packed as the ending of the name says; knows its digest when it is closed. */
final class DocumentFile implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String name;
  private final DigestingOutputStream stored;
  private final OutputStream out;

  DocumentFile(Storage storage, Location folder, String name) {
    this.name = name;
    this.stored = new DigestingOutputStream(storage.create(folder.resolve(name)));
    try {
      this.out =
          name.endsWith(".gz")
              ? new GZIPOutputStream(stored)
              : name.endsWith(".zst") ? new ZstdOutputStream(stored, 3) : stored;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One document in Dolma's schema. */
  void document(String id, String text, String source) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", id);
    fields.put("text", text);
    fields.put("source", source);
    fields.put("metadata", Map.of("generator", "instella demo"));
    line(fields);
  }

  void line(Map<String, Object> fields) {
    try {
      out.write(JSON.writeValueAsString(fields).getBytes(StandardCharsets.UTF_8));
      out.write('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Length and digest of the file; once, after {@link #close}. */
  FileDigest digest() {
    return stored.finish(name);
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
