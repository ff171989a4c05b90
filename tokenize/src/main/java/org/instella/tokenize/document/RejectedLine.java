package org.instella.tokenize.document;

import java.nio.ByteBuffer;

/**
 * A line (or row) that is no document, kept so that nothing is lost silently.
 *
 * @param file where it was read, see {@link InputSlice#label()}
 * @param line line, or row of a table, from 1
 * @param offset first byte of the line in the unpacked file; -1 for a row of a table
 * @param bytes length of the line, without its end; of the text for a row
 * @param reason why it is none
 * @param detail what exactly was found, without text of the document
 * @param raw the line itself, read-only, cut at {@link DocumentLimits#quarantinedBytes()}
 */
public record RejectedLine(
    String file, long line, long offset, long bytes, Reason reason, String detail, ByteBuffer raw)
    implements DocumentEntry {

  public RejectedLine {
    raw = raw.asReadOnlyBuffer();
  }

  /** Why a line is no document. */
  public enum Reason {
    /** It is not JSON, or more than one value. */
    BAD_JSON,
    /** It is JSON, but not an object. */
    NOT_AN_OBJECT,
    /** It has no text, or null. */
    TEXT_MISSING,
    /** Its text is a number, list or object. */
    TEXT_NOT_A_STRING,
    /** Its id or source is a list or object. */
    FIELD_NOT_A_STRING,
    /** Its bytes are not UTF-8, or its text has half a surrogate pair. */
    INVALID_UNICODE,
    /** It is longer than {@link DocumentLimits#lineBytes()}. */
    LINE_TOO_LONG
  }
}
