package org.instella.ensemble;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;

/** The note beside a file of a merge, written before the file gets its name. */
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

  private Location note() {
    return file.parent().resolve(noteName(file.name()));
  }

  static String noteName(String file) {
    return "." + file + ".done";
  }

  /** Writes the note in one step, unless another attempt left it: both say the same. */
  void write(FileDigest digest, SortedMap<String, SortedMap<String, String>> checksums) {
    if (storage.exists(note())) {
      return;
    }
    Location draft = file.parent().resolve(".note.%s".formatted(UUID.randomUUID()));
    try {
      storage.writeText(draft, JSON.writeValueAsString(new Note(digest, checksums)));
      storage.publish(draft, note());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a note of texts and numbers has a JSON form", e);
    } catch (DataException e) {
      if (e.code() != StorageError.ALREADY_EXISTS) {
        throw e;
      }
    }
  }

  /** Empty when the file is not finished: no note, or a file of another length. */
  Optional<Note> read() {
    if (!storage.exists(file)) {
      return Optional.empty();
    }
    return parse().filter(note -> storage.stat(file).bytes() == note.file().bytes());
  }

  private Optional<Note> parse() {
    if (!storage.exists(note())) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(storage.readText(note()), new TypeReference<Note>() {}));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
