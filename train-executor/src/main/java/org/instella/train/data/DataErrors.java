package org.instella.train.data;

import org.instella.conf.error.ConfigurationException;

/** Messages that several classes of this package share. */
final class DataErrors {
  private DataErrors() {}

  static ConfigurationException tooManySamples(long size, long max) {
    return new ConfigurationException(
        DataError.TOO_MANY_SAMPLES,
        "The mixture has %d samples, but data.order = numpy numbers at most %d; use data.order = feistel or a longer train.sequence-length"
            .formatted(size, max));
  }
}
