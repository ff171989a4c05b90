package org.instella.jobs.barrier;

import java.io.Serializable;
import org.instella.train.parallel.Rank;

/**
 * What every rank of a stage does. It is shipped to executors, so it holds serializable values only
 * and opens heavy things itself.
 *
 * @param <T> a serializable result
 */
@FunctionalInterface
public interface BarrierBody<T> extends Serializable {
  T run(Rank rank) throws Exception;
}
