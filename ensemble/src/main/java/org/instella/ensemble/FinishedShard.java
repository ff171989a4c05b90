package org.instella.ensemble;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Optional;
import java.util.SortedMap;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** The note beside a finished file of a merge: it exists only when the file is complete. */
final class FinishedShard {
  private static final JsonMapper JSON = new JsonMapper();

  private final Storage storage;
  private final Location file;

  FinishedShard(Storage storage, Location file) {
    this.storage = storage;
    this.file = file;
  }

  /**
   * What a note says.
   *
   * @param file name, length and digest of the file
   * @param checksums parent, tensor, CRC-32C of what was read
   */
  record Note(FileDigest file, SortedMap<String, SortedMap<String, String>> checksums) {}

  Location note() {
    return file.parent().resolve("." + file.name() + ".done");
  }

  void write(FileDigest digest, SortedMap<String, SortedMap<String, String>> checksums) {
    try {
      storage.writeText(note(), JSON.writeValueAsString(new Note(digest, checksums)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a note of texts and numbers has a JSON form", e);
    }
  }

  /** Empty when the file is not finished: no note, half a note, or a file of another length. */
  Optional<Note> read() {
    if (!storage.exists(note()) || !storage.exists(file)) {
      return Optional.empty();
    }
    try {
      Note note = JSON.readValue(storage.readText(note()), new TypeReference<Note>() {});
      return storage.stat(file).bytes() == note.file().bytes()
          ? Optional.of(note)
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
