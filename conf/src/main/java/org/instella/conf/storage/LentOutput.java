package org.instella.conf.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CompletableFuture;

/** An output that can write large buffers from where they lie, without a copy of its own. */
public interface LentOutput extends WritableByteChannel {
  /**
   * Takes all bytes from position to limit, as {@link #write} does, and empties the buffer. One of
   * {@link AlignedMemory} with its bytes in the place that belongs to them is not copied; what is
   * in front of its bytes is overwritten then. Any other is copied.
   *
   * @return completes when the buffer is the caller's again; exceptionally where the disk failed,
   *     which the next call or closing tells too
   */
  CompletableFuture<Void> lend(ByteBuffer bytes) throws IOException;
}
