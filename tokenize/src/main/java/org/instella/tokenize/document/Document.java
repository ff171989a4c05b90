package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * One document. Its text is kept as the UTF-8 it was read as: who encodes it needs no more, and who
 * wants characters pays for them in {@link #text()}.
 */
public final class Document implements DocumentEntry {
  private final String id;
  private final byte[] bytes;
  private final int size;
  private final String source;
  private final String file;
  private final long line;

  /** A document from its text; an unpaired surrogate becomes a question mark. */
  public Document(String id, String text, String source, String file, long line) {
    this(id, text.getBytes(UTF_8), source, file, line);
  }

  /** A document from well-formed UTF-8, which it keeps. */
  Document(String id, byte[] utf8, String source, String file, long line) {
    this(id, utf8, utf8.length, source, file, line);
  }

  /** A document from the first {@code size} of {@code bytes}, see {@link #bytes}. */
  Document(String id, byte[] bytes, int size, String source, String file, long line) {
    this.id = id;
    this.bytes = bytes;
    this.size = size;
    this.source = source;
    this.file = file;
    this.line = line;
  }

  /** Its own id; {@code file:line} where the input gives none. */
  public String id() {
    return id;
  }

  /** The text, decoded anew with every call. */
  public String text() {
    return new String(bytes, 0, size, UTF_8);
  }

  /** The text as well-formed UTF-8, a fresh array. */
  public byte[] utf8() {
    return Arrays.copyOf(bytes, size);
  }

  /**
   * The array whose first {@link #size} bytes are the text as well-formed UTF-8, not to be written
   * to: the document's own, or lent by {@link DocumentReader#lendTexts} until the next is read.
   */
  public byte[] bytes() {
    return bytes;
  }

  /** Bytes of the text. */
  public int size() {
    return size;
  }

  /** What the input says it came from, or the empty text. */
  public String source() {
    return source;
  }

  /** Where it was read, see {@link InputSlice#label()}. */
  public String file() {
    return file;
  }

  /** Line, or row of a table, from 1. */
  public long line() {
    return line;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Document that
        && line == that.line
        && id.equals(that.id)
        && file.equals(that.file)
        && source.equals(that.source)
        && Arrays.equals(bytes, 0, size, that.bytes, 0, that.size);
  }

  @Override
  public int hashCode() {
    return 31 * id.hashCode() + Long.hashCode(line);
  }

  /** Without the text, which has no place in a log. */
  @Override
  public String toString() {
    return "document %s of %s line %d, %d bytes of text".formatted(id, file, line, size);
  }
}
