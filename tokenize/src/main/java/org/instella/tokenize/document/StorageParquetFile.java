package org.instella.tokenize.document;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.instella.conf.storage.Storage;

/**
 * A Parquet file in our storage; a seek that leaves the neighbourhood opens the file again there.
 */
record StorageParquetFile(Storage storage, InputSlice slice, ReadTimes times) implements InputFile {
  private static final int NEIGHBOURHOOD = 1 << 16;

  @Override
  public long getLength() {
    return slice.file().bytes();
  }

  @Override
  public SeekableInputStream newStream() {
    return new Stream(new Positioned(this));
  }

  /** The current stream and where it stands. */
  private static final class Positioned extends InputStream {
    private final StorageParquetFile file;
    private InputStream in;
    private long position;

    Positioned(StorageParquetFile file) {
      this.file = file;
      this.in = file.open(0);
    }

    void seek(long wanted) throws IOException {
      long ahead = wanted - position;
      if (ahead >= 0 && ahead <= NEIGHBOURHOOD) {
        in.skipNBytes(ahead);
      } else {
        in.close();
        in = file.open(wanted);
      }
      position = wanted;
    }

    @Override
    public int read() throws IOException {
      int value = in.read();
      position += value < 0 ? 0 : 1;
      return value;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      int count = in.read(buffer, from, length);
      position += Math.max(0, count);
      return count;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private InputStream open(long offset) {
    return new MeteredStream(storage.open(slice.file().location(), offset), slice, offset, times);
  }

  private static final class Stream extends DelegatingSeekableInputStream {
    private final Positioned in;

    Stream(Positioned in) {
      super(in);
      this.in = in;
    }

    @Override
    public long getPos() {
      return in.position;
    }

    @Override
    public void seek(long position) throws IOException {
      if (position < 0) {
        throw new EOFException("position " + position);
      }
      in.seek(position);
    }
  }
}
