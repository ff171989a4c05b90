package org.instella.ensemble.search;

import java.util.function.Function;
import org.instella.conf.storage.Location;

/** A model that may exist only while somebody looks at it. */
public interface Candidate {
  /** A digest of weights or of what makes them: equal ones are the same model. */
  String identity();

  /**
   * Hands over the model's folder, which may be gone when this returns.
   *
   * @return what {@code use} returns
   */
  <T> T use(Function<Location, T> use);
}
