package org.instella.conf.storage;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Reads parts of a large local file that nobody needs again soon. What is not in the system's page
 * cache is read past it (O_DIRECT): finding pages, filling them and copying them out takes several
 * times the processor time of the reading itself. What is in the cache is taken from there, which
 * is faster than any disk. Safe for many threads; several reads at once are what disks like best.
 */
public final class UncachedReads implements AutoCloseable {
  private static final int ALIGNMENT = AlignedMemory.ALIGNMENT;

  private static final long SEGMENT = 1 << 30; // Java maps less than 2 GiB at once

  private final FileChannel cached;
  private final FileChannel uncached;

  /** Mapped to ask the system about its pages, never to be read. */
  private final MappedByteBuffer[] segments;

  private volatile boolean possible = true;

  UncachedReads(FileChannel cached, FileChannel uncached, MappedByteBuffer[] segments) {
    this.cached = cached;
    this.uncached = uncached;
    this.segments = segments;
  }

  /**
   * Reads of a file; empty where the file system knows only cached ones.
   *
   * @param cached the file, open for reading; it stays the caller's
   */
  public static Optional<UncachedReads> open(Path file, FileChannel cached) {
    FileChannel uncached = null;
    try {
      if (ALIGNMENT % Files.getFileStore(file).getBlockSize() != 0) {
        return Optional.empty();
      }
      uncached = FileChannel.open(file, StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
      long bytes = cached.size();
      MappedByteBuffer[] segments = new MappedByteBuffer[(int) ((bytes + SEGMENT - 1) / SEGMENT)];
      for (int s = 0; s < segments.length; s++) {
        long begin = s * SEGMENT;
        segments[s] = cached.map(MapMode.READ_ONLY, begin, Math.min(SEGMENT, bytes - begin));
      }
      return Optional.of(new UncachedReads(cached, uncached, segments));
    } catch (IOException | UnsupportedOperationException | ArithmeticException e) {
      closeQuietly(uncached);
      return Optional.empty();
    }
  }

  /** Whether the page at a position is in the system's page cache; no page is beyond the end. */
  public boolean isCached(long position) {
    int segment = (int) (position / SEGMENT);
    int at = (int) (position % SEGMENT);
    return segment < segments.length
        && at < segments[segment].capacity()
        && segments[segment].slice(at, 1).isLoaded();
  }

  /**
   * Reads bytes {@code [position, position + length)}.
   *
   * @param room from {@link AlignedMemory}, for this length or more
   * @return the bytes, inside {@code room}; valid until the room is used again
   * @throws EOFException if the file has fewer bytes
   */
  public ByteBuffer read(long position, int length, ByteBuffer room) throws IOException {
    int lead = (int) (position % ALIGNMENT);
    int got = 0;
    if (possible && length > 0 && !(isCached(position) && isCached(position + length - 1))) {
      got = Math.max(0, readUncached(position - lead, lead + length, room) - lead);
    }
    room.limit(lead + length);
    for (int done = Math.min(got, length); done < length; ) {
      int read = cached.read(room.position(lead + done), position + done);
      if (read < 0) {
        throw new EOFException();
      }
      done += read;
    }
    return room.slice(lead, length);
  }

  /** Bytes that came; fewer than wanted at the end of the file, or where the disk refuses. */
  private int readUncached(long begin, int wanted, ByteBuffer room) {
    int whole = (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    room.clear().limit(whole);
    try {
      while (room.hasRemaining()) {
        int read = uncached.read(room, begin + room.position());
        if (read < 0 || room.position() % ALIGNMENT != 0) {
          break;
        }
      }
    } catch (IOException e) {
      // Some file systems open such a file and then refuse; a broken disk says so again below.
      possible = false;
    }
    return room.position();
  }

  @Override
  public void close() throws IOException {
    uncached.close();
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      return; // nothing was read from it
    }
  }
}
