package org.instella.conf.manifest;

import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;

/** Passes bytes on and digests them on the way, so that a file need not be read again. */
public final class DigestingOutputStream extends OutputStream {
  /**
   * Of a large piece the bytes are still in the cache when they are looked at again: fetched ahead
   * while the digest, which is slow, is made of them; the copy behind it does not wait for memory.
   */
  private static final int STEP = 1 << 16;

  private final OutputStream out;
  private final MessageDigest digest = Digests.newSha256();
  private long bytes;

  public DigestingOutputStream(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int value) throws IOException {
    out.write(value);
    digest.update((byte) value);
    bytes++;
  }

  @Override
  public void write(byte[] buffer, int from, int count) throws IOException {
    for (int done = 0; done < count; done += STEP) {
      int step = Math.min(STEP, count - done);
      digest.update(buffer, from + done, step);
      out.write(buffer, from + done, step);
    }
    bytes += count;
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }

  /** The digest of everything written; call it once, after the last byte. */
  public FileDigest finish(String name) {
    return new FileDigest(name, bytes, Digests.hex(digest.digest()));
  }

  public long bytesWritten() {
    return bytes;
  }
}
