package org.instella.conf.storage;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;

/**
 * Writes an object, which is there when the stream is closed and not before. After a write that
 * failed nothing is put: half an object would look like a whole one.
 */
final class ObjectOutput extends OutputStream {
  /** How s3a tells of HTTP's 412: an object was to be new, or to replace one that is gone. */
  private static final String OTHER_THERE = "RemoteFileChangedException";

  private final Location object;
  private final FSDataOutputStream out;
  private boolean broken;
  private boolean closed;

  ObjectOutput(Location object, FSDataOutputStream out) {
    this.object = object;
    this.out = out;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    try {
      out.write(bytes, from, count);
    } catch (IOException | RuntimeException e) {
      broken = true;
      throw e;
    }
  }

  /** What was written so far shall never be seen. */
  void discard() {
    broken = true;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (broken) {
      out.abort();
      return;
    }
    try {
      out.close();
    } catch (IOException e) {
      if (e.getClass().getSimpleName().equals(OTHER_THERE)) {
        throw (IOException) new FileAlreadyExistsException(object.uri()).initCause(e);
      }
      throw e;
    }
  }
}
