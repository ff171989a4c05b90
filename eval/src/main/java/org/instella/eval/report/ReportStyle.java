package org.instella.eval.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The look of every report: light and dark, nothing fetched. */
public final class ReportStyle {
  private ReportStyle() {}

  /** The style sheet, to stand inside a page. */
  public static String css() {
    try (InputStream in =
        ReportStyle.class.getClassLoader().getResourceAsStream("report/report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the report's style", e);
    }
  }
}
