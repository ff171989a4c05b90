package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * One document. Its text is kept as the UTF-8 it was read as: who encodes it needs no more, and who
 * wants characters pays for them in {@link #text()}.
 */
public final class Document implements DocumentEntry {
  private final String id;
  private final byte[] utf8;
  private final String source;
  private final String file;
  private final long line;

  /** A document from its text; an unpaired surrogate becomes a question mark. */
  public Document(String id, String text, String source, String file, long line) {
    this(id, text.getBytes(UTF_8), source, file, line);
  }

  /** A document from well-formed UTF-8, which it keeps. */
  Document(String id, byte[] utf8, String source, String file, long line) {
    this.id = id;
    this.utf8 = utf8;
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
    return new String(utf8, UTF_8);
  }

  /** The text as well-formed UTF-8: the document's own array, not to be written to. */
  public byte[] utf8() {
    return utf8;
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
        && Arrays.equals(utf8, that.utf8);
  }

  @Override
  public int hashCode() {
    return 31 * id.hashCode() + Long.hashCode(line);
  }

  /** Without the text, which has no place in a log. */
  @Override
  public String toString() {
    return "document %s of %s line %d, %d bytes of text".formatted(id, file, line, utf8.length);
  }
}
