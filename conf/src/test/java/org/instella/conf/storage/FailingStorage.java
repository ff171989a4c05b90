package org.instella.conf.storage;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.instella.conf.error.EnvironmentException;

/**
 * Passes calls on and breaks the n-th one that changes anything (create, every write, close,
 * makeFolder, delete, publish), as a full disk or a crash would; from then on every such call
 * fails. A loop over n shows that a crash at any point leaves something that can be loaded.
 */
public final class FailingStorage implements Storage {
  private final Storage storage;
  private final int failingCall;
  private final AtomicInteger calls = new AtomicInteger();

  /**
   * Breaks one call.
   *
   * @param failingCall which changing call fails first, counted from 0; negative for none
   */
  public FailingStorage(Storage storage, int failingCall) {
    this.storage = storage;
    this.failingCall = failingCall;
  }

  /** How many changing calls have been made. */
  public int calls() {
    return calls.get();
  }

  /** True once a call was broken: a loop over n ends with the first storage that never failed. */
  public boolean failed() {
    return failingCall >= 0 && calls.get() > failingCall;
  }

  private void count(String what) {
    int call = calls.getAndIncrement();
    if (failingCall >= 0 && call >= failingCall) {
      throw new EnvironmentException(
          StorageError.WRITE_FAILED, "Injected failure of call %d: %s".formatted(call, what));
    }
  }

  @Override
  public OutputStream create(Location file) {
    count("create " + file);
    return new FilterOutputStream(storage.create(file)) {
      @Override
      public void write(int value) throws IOException {
        checked("write " + file);
        out.write(value);
      }

      @Override
      public void write(byte[] bytes, int from, int count) throws IOException {
        checked("write " + file);
        out.write(bytes, from, count);
      }

      @Override
      public void close() throws IOException {
        out.close();
        checked("close " + file);
      }

      private void checked(String what) throws IOException {
        try {
          count(what);
        } catch (EnvironmentException e) {
          throw new IOException("No space left on device (" + e.getMessage() + ")", e);
        }
      }
    };
  }

  @Override
  public void makeFolder(Location folder) {
    count("makeFolder " + folder);
    storage.makeFolder(folder);
  }

  @Override
  public void delete(Location location) {
    count("delete " + location);
    storage.delete(location);
  }

  @Override
  public void publish(Location staging, Location published) {
    count("publish " + published);
    storage.publish(staging, published);
  }

  @Override
  public InputStream open(Location file, long offset) {
    return storage.open(file, offset);
  }

  @Override
  public boolean exists(Location location) {
    return storage.exists(location);
  }

  @Override
  public boolean isPublished(Location location) {
    return storage.isPublished(location);
  }

  @Override
  public Location assembly(Location aside, Location published) {
    return storage.assembly(aside, published);
  }

  @Override
  public FileEntry stat(Location location) {
    return storage.stat(location);
  }

  @Override
  public List<FileEntry> list(Location folder) {
    return storage.list(folder);
  }

  @Override
  public List<FileEntry> listFiles(Location folder) {
    return storage.listFiles(folder);
  }

  @Override
  public Path localCopy(Location file) {
    return storage.localCopy(file);
  }
}
