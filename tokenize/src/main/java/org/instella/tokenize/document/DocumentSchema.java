package org.instella.tokenize.document;

import java.io.Serializable;
import org.instella.conf.settings.Settings;

/** The names of the columns that make a document; only {@code text} must be there. */
public record DocumentSchema(String id, String text, String source) implements Serializable {
  /** The names that Dolma uses. */
  public static final DocumentSchema DOLMA = new DocumentSchema("id", "text", "source");

  /** Reads the section {@code columns} of a recipe. */
  public static DocumentSchema from(Settings columns) {
    return new DocumentSchema(
        columns.text("id", "column of the document's id").orElse(DOLMA.id()),
        columns.text("text", "column of the text").orElse(DOLMA.text()),
        columns.text("source", "column that names the source").orElse(DOLMA.source()));
  }
}
