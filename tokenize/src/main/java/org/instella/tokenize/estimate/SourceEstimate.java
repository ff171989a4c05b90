package org.instella.tokenize.estimate;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What one source will give and cost.
 *
 * @param files its files
 * @param storedBytes their bytes
 * @param sampledBytes stored bytes that were looked at
 * @param places places that were looked at; all files where everything was
 * @param fraction share of the documents that is taken; already in the numbers
 * @param shards shards that it will have: counted, not estimated
 * @param shardBytes bytes of the shards and their id indexes
 * @param rejectedShare rejected lines over all lines of the sample
 * @param coreSeconds processor time of one core
 */
public record SourceEstimate(
    String source,
    int files,
    long storedBytes,
    long sampledBytes,
    int places,
    double fraction,
    int shards,
    Estimate documents,
    Estimate tokens,
    Estimate textBytes,
    Estimate shardBytes,
    double rejectedShare,
    double coreSeconds) {

  /** Two-sided 95 % quantiles of Student's distribution for 1 to 10 degrees of freedom. */
  private static final double[] STUDENT = {
    12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23
  };

  /** A sum over all stored bytes, from the mean over places of its amount per stored byte. */
  static Estimate extrapolated(
      List<Tally> places, ToLongFunction<Tally> amount, long storedBytes, long sampledBytes) {
    double weights = places.stream().mapToInt(Tally::weight).sum();
    double mean = 0;
    for (Tally place : places) {
      mean += place.weight() / weights * ratio(place, amount);
    }
    double squares = 0;
    for (Tally place : places) {
      double off = place.weight() / weights * (ratio(place, amount) - mean);
      squares += off * off;
    }
    int count = places.size();
    double unseen = Math.max(0, 1 - (double) sampledBytes / storedBytes);
    double deviation =
        count < 2
            ? Double.NaN
            : Math.sqrt(squares * count / (count - 1) * unseen) * quantile(count - 1);
    return new Estimate(mean * storedBytes, deviation * storedBytes);
  }

  private static double ratio(Tally place, ToLongFunction<Tally> amount) {
    return (double) amount.applyAsLong(place) / place.storedBytes();
  }

  private static double quantile(int freedom) {
    return freedom <= STUDENT.length ? STUDENT[freedom - 1] : 1.96 + 2.5 / freedom;
  }
}
