package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fails while nobody waits for it: here, one that was closed. */
class UncachedStreamTest {
  private static final byte[] BLOCK = new byte[UncachedStream.BLOCK];

  @TempDir Path folder;

  @Test
  void oneOfTheNextBlocksTellsOfOneThatFailed() throws IOException {
    UncachedStream stream = onFailingDisk();
    assertThatThrownBy(
            () -> {
              for (int i = 0; i <= UncachedStream.IN_LINE; i++) {
                stream.write(BLOCK); // sent, by another thread
              }
            })
        .isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(stream::close).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void closingTellsOfTheLastOne() throws IOException {
    FileChannel cached = file();
    UncachedStream stream = onFailingDisk(cached);
    stream.write(BLOCK);
    stream.write(1);
    assertThatThrownBy(stream::close).isInstanceOf(ClosedChannelException.class);
    assertThat(cached.isOpen()).isFalse();
    stream.close(); // has been told
  }

  private UncachedStream onFailingDisk() throws IOException {
    return onFailingDisk(file());
  }

  private UncachedStream onFailingDisk(FileChannel cached) throws IOException {
    FileChannel closed = file();
    closed.close();
    return new UncachedStream(cached, closed, 4096);
  }

  private FileChannel file() throws IOException {
    return FileChannel.open(
        folder.resolve("file"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }
}
