package org.instella.ensemble.method;

import java.io.Serializable;

/**
 * What becomes of one tensor across models. A method is data: the same record gives the same
 * numbers on every machine, whatever the number of threads or the layout of files.
 *
 * <p>To add one: a record here that names its paper, a constant and a line in {@link MethodName}, a
 * definition written again in {@code MergeMethodsTest}.
 */
public sealed interface MergeMethod extends Serializable
    permits LinearMerge,
        ReferenceMean,
        CopyMerge,
        SlerpMerge,
        MultiSlerpMerge,
        NearSwapMerge,
        ModelStockMerge,
        TaskArithmeticMerge,
        TiesMerge,
        DareMerge,
        DellaMerge,
        BreadcrumbsMerge {

  /**
   * Gets ready for one tensor; methods that need norms or thresholds of the whole tensor pass over
   * it here.
   *
   * @throws org.instella.conf.error.DataException if the method has no answer for these weights
   */
  BlockMerge prepare(TensorValues tensor);

  /** True when the method counts from a base model. */
  default boolean needsBase() {
    return false;
  }

  /** True when {@link #prepare} passes over the tensor, so that its values are read again. */
  default boolean passesOverTensors() {
    return false;
  }

  /** True when blocks must hold whole rows, that is whole last axes. */
  default boolean wantsRows() {
    return false;
  }
}
