package org.instella.jobs;

import java.io.PrintWriter;
import java.util.List;
import org.instella.jobs.progress.RunClock;
import org.instella.tokenize.estimate.Estimate;
import org.instella.tokenize.estimate.SampleSize;
import org.instella.tokenize.estimate.SourceEstimate;

/** What tokenising all sources of a mix will give and cost, as a table for a person. */
public record MixEstimate(List<Part> parts, SampleSize size) {
  private static final String ROW = "%-24s %7s %10s %12s %8s %8s %7s %12s %7s %10s %9s%n";

  /**
   * One source.
   *
   * @param repeat how often training reads it
   */
  public record Part(SourceEstimate source, double repeat) {
    Estimate tokensInMix() {
      return source.tokens().times(repeat);
    }
  }

  /**
   * Prints the table.
   *
   * @param cores cores that the job will have
   */
  public void print(PrintWriter out, int cores) {
    out.printf(
        ROW,
        "source",
        "files",
        "stored",
        "tokens",
        "error",
        "fraction",
        "repeat",
        "in the mix",
        "shards",
        "on disk",
        "core time");
    parts.forEach(part -> print(out, part));
    Part all = total();
    SourceEstimate sum = all.source();
    out.printf(
        ROW,
        sum.source(),
        "%,d".formatted(sum.files()),
        bytes(sum.storedBytes()),
        count(sum.tokens().value()),
        error(sum.tokens()),
        "",
        "",
        count(inMix().value()),
        "%,d".formatted(sum.shards()),
        bytes(sum.shardBytes().value()),
        RunClock.text(sum.coreSeconds()));
    out.println();
    out.printf(
        "documents   %s, %.2f bytes of text a token%n",
        count(sum.documents().value()),
        sum.tokens().value() == 0 ? 0 : sum.textBytes().value() / sum.tokens().value());
    double seconds = sum.coreSeconds() / cores;
    out.printf(
        "time        %s on %d cores like one of these, if storage gives %s/s%n",
        RunClock.text(seconds), cores, bytes(seconds == 0 ? 0 : sum.storedBytes() / seconds));
    out.printf(
        "sample      %d places of %s a source, seed %d: read %s (%.3g %%); smaller sources were read whole%n",
        size.places(),
        bytes(size.bytes()),
        size.seed(),
        bytes(sum.sampledBytes()),
        sum.storedBytes() == 0 ? 0 : 100.0 * sum.sampledBytes() / sum.storedBytes());
    out.printf(
        "error       half the 95 %% interval of the tokens; 0 where all was read, ? where one place alone%n");
    for (Part part : parts) {
      if (part.source().rejectedShare() > 0) {
        out.printf(
            "REJECTED    %s: %.3g %% of the lines are no documents%n",
            part.source().source(), 100 * part.source().rejectedShare());
      }
    }
    out.flush();
  }

  /** Tokens that training will read. */
  Estimate inMix() {
    return parts.stream().map(Part::tokensInMix).reduce(new Estimate(0, 0), Estimate::plus);
  }

  private static void print(PrintWriter out, Part part) {
    SourceEstimate source = part.source();
    out.printf(
        ROW,
        source.source(),
        "%,d".formatted(source.files()),
        bytes(source.storedBytes()),
        count(source.tokens().value()),
        error(source.tokens()),
        "%.4g".formatted(source.fraction()),
        "%.4g".formatted(part.repeat()),
        count(part.tokensInMix().value()),
        "%,d".formatted(source.shards()),
        bytes(source.shardBytes().value()),
        RunClock.text(source.coreSeconds()));
  }

  private Part total() {
    Estimate none = new Estimate(0, 0);
    List<SourceEstimate> all = parts.stream().map(Part::source).toList();
    return new Part(
        new SourceEstimate(
            "all",
            all.stream().mapToInt(SourceEstimate::files).sum(),
            all.stream().mapToLong(SourceEstimate::storedBytes).sum(),
            all.stream().mapToLong(SourceEstimate::sampledBytes).sum(),
            all.stream().mapToInt(SourceEstimate::places).sum(),
            1,
            all.stream().mapToInt(SourceEstimate::shards).sum(),
            all.stream().map(SourceEstimate::documents).reduce(none, Estimate::plus),
            all.stream().map(SourceEstimate::tokens).reduce(none, Estimate::plus),
            all.stream().map(SourceEstimate::textBytes).reduce(none, Estimate::plus),
            all.stream().map(SourceEstimate::shardBytes).reduce(none, Estimate::plus),
            0,
            all.stream().mapToDouble(SourceEstimate::coreSeconds).sum()),
        1);
  }

  private static String error(Estimate estimate) {
    if (Double.isNaN(estimate.error())) {
      return "?";
    }
    return estimate.error() == 0
        ? "0"
        : "±%.2g %%".formatted(100 * estimate.error() / Math.max(1, estimate.value()));
  }

  private static String count(double value) {
    return value < 1e7
        ? "%,.0f".formatted(value)
        : value < 1e9
            ? "%.1fM".formatted(value / 1e6)
            : value < 1e12 ? "%.2fB".formatted(value / 1e9) : "%.3fT".formatted(value / 1e12);
  }

  private static String bytes(double bytes) {
    return bytes < 1e9
        ? "%.1f MB".formatted(bytes / 1e6)
        : bytes < 1e12 ? "%.1f GB".formatted(bytes / 1e9) : "%.2f TB".formatted(bytes / 1e12);
  }
}
