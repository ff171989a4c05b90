package org.instella.tokenize.document;

import org.instella.tokenize.document.gzip.GzipBuffers;

/**
 * What readers of one thread hand on from file to file: a source of many small files would begin
 * each with fresh memory, which has to be cleared and is in no cache. One open reader at a time.
 */
public final class ReadBuffers {
  /** Where lines are cut; null while a reader has it. */
  private byte[] lines = new byte[LineScanner.CHUNK];

  private final JsonString text = new JsonString();
  private final JsonString names = new JsonString();
  private final GzipBuffers gzip = new GzipBuffers();

  /** The array for lines, of whatever length it has reached, until it is given back. */
  byte[] takeLines() {
    byte[] taken = lines;
    if (taken == null) {
      throw new IllegalStateException("another reader that was not closed has these buffers");
    }
    lines = null;
    return taken;
  }

  void giveBackLines(byte[] array) {
    lines = array;
  }

  JsonString text() {
    return text;
  }

  JsonString names() {
    return names;
  }

  GzipBuffers gzip() {
    return gzip;
  }
}
