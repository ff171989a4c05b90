package org.instella.conf.storage;

import java.io.IOException;
import java.util.List;

/**
 * A file that others read while it is written, as logs are: what was written and flushed they see.
 * It may take the place of an older one, which readers find until then, and a crash in between
 * loses neither.
 *
 * <p>Object stores know no such files. There the bytes so far are kept in a local file and put anew
 * as a whole, by a thread of its own: flushed bytes are seen within seconds, synced ones at once.
 * Belongs to one thread, but any other may {@link #sync}.
 */
public interface GrowingFile extends AutoCloseable {

  void write(byte[] bytes) throws IOException;

  /** Readers see what was written: now, or a few seconds later on an object store. */
  void flush() throws IOException;

  /** Returns when readers see what was written and nothing but the loss of its disk can take it. */
  void sync() throws IOException;

  /** From now on readers find this file, no longer the one that it replaces. To be called once. */
  void takePlace() throws IOException;

  /** Syncs and ends the file. */
  @Override
  void close() throws IOException;

  /**
   * Where the bytes of a growing file are: at its place, or, where a crash fell into the moment of
   * replacing, beside it.
   */
  static Location latest(Storage storage, Location file) {
    List<Location> places = List.of(file, AppendedFile.next(file));
    return places.stream().filter(storage::exists).findFirst().orElse(file);
  }
}
