package org.instella.train.optim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.train.parallel.Reduction;

/**
 * Sums the gradients of a rank's micro-batches along the lower part of one fixed binary tree, whose
 * upper part is the reduction between ranks.
 *
 * <p>A step of m = q 2^k micro-batches (q odd) is 2^k groups of q neighbours. A group is summed
 * from left to right, groups are merged like the digits of a binary counter: two sums of equal
 * height become one of the next height. A rank of 2^r holds 2^(k-r) whole groups, hence a whole
 * subtree, and the ranks' reduction with partner distances 1, 2, 4 goes on where it ends. Needs one
 * buffer for a single micro-batch and log2 of the groups more otherwise.
 *
 * <p>With {@link Reduction#FAST} all micro-batches of a rank are one group: two buffers, whatever
 * their number.
 */
public final class GradientTree implements AutoCloseable {
  private final FlatParameters parameters;
  private final OptimizerKernels kernels;
  private final int groupSize;
  private final int leaves;
  private final List<FlatGradients> all = new ArrayList<>();
  private final Deque<FlatGradients> free = new ArrayDeque<>();
  private final Deque<Node> stack = new ArrayDeque<>();
  private FlatGradients group;
  private int inGroup;
  private int pushed;

  private record Node(int height, FlatGradients sum) {}

  /**
   * A tree for one rank.
   *
   * @param microBatches of a step, over all ranks
   * @param ranks a power of two that divides the number of micro-batches
   */
  public GradientTree(
      FlatParameters parameters,
      OptimizerKernels kernels,
      Reduction reduction,
      int microBatches,
      int ranks) {
    if (Integer.bitCount(ranks) != 1 || microBatches % ranks != 0) {
      throw new IllegalArgumentException(
          "%d micro-batches do not make equal subtrees for %d ranks"
              .formatted(microBatches, ranks));
    }
    this.parameters = parameters;
    this.kernels = kernels;
    this.leaves = microBatches / ranks;
    this.groupSize =
        switch (reduction) {
          case EXACT -> microBatches >> Integer.numberOfTrailingZeros(microBatches);
          case FAST -> leaves;
        };
  }

  /** A buffer for the gradient of the next micro-batch; its content is undefined. */
  public FlatGradients next() {
    if (free.isEmpty()) {
      FlatGradients made = FlatGradients.like(parameters);
      all.add(made);
      return made;
    }
    return free.pop();
  }

  /** Adds the gradient of the next micro-batch, in a buffer that {@link #next} gave. */
  public void push(FlatGradients leaf) {
    pushed++;
    group = group == null ? leaf : merge(group, leaf);
    inGroup++;
    if (inGroup < groupSize) {
      return;
    }
    FlatGradients sum = group;
    int height = 0;
    while (!stack.isEmpty() && stack.peek().height() == height) {
      sum = merge(stack.pop().sum(), sum);
      height++;
    }
    stack.push(new Node(height, sum));
    group = null;
    inGroup = 0;
  }

  /**
   * Instead of {@link #push} and {@link #sum} for the last micro-batch: its gradient is added range
   * by range while it is computed. The tree is then empty.
   *
   * @param leaf a buffer that {@link #next} gave
   */
  public Finish finish(FlatGradients leaf) {
    if (pushed != leaves - 1) {
      throw new IllegalStateException(
          "%d of %d micro-batches were pushed before the last".formatted(pushed, leaves));
    }
    List<FlatGradients> chain = new ArrayList<>();
    chain.add(leaf);
    if (group != null) {
      chain.add(group);
    }
    stack.forEach(node -> chain.add(node.sum()));
    clear();
    return new Finish(kernels, List.copyOf(chain));
  }

  /**
   * The last steps of a sum. Valid until the next call of {@link #next}.
   *
   * @param chain buffers from the last micro-batch down to the one that takes the sum; each is
   *     added to the one after it
   */
  public record Finish(OptimizerKernels kernels, List<FlatGradients> chain) {

    /** Elements [from, to) of the last micro-batch are final: makes those of the sum final. */
    public void merge(long from, long to) {
      for (int i = 1; i < chain.size(); i++) {
        kernels.addInto(chain.get(i).buffer(), chain.get(i - 1).buffer(), from, to);
      }
    }

    /** Where the sum over all micro-batches of this rank is. */
    public FlatGradients sum() {
      return chain.get(chain.size() - 1);
    }
  }

  private FlatGradients merge(FlatGradients left, FlatGradients right) {
    kernels.addInto(left.buffer(), right.buffer(), 0, left.buffer().length());
    free.push(right);
    return left;
  }

  /**
   * The sum over all micro-batches of this rank, once the last was pushed. Valid until the next
   * call of {@link #next}; the tree is then empty.
   */
  public FlatGradients sum() {
    if (pushed != leaves) {
      throw new IllegalStateException(pushed + " of " + leaves + " micro-batches were pushed");
    }
    FlatGradients sum = stack.pop().sum();
    free.push(sum);
    pushed = 0;
    return sum;
  }

  /** Forgets what was pushed, after a step that is not finished. */
  public void clear() {
    stack.clear();
    free.clear();
    free.addAll(all);
    group = null;
    inGroup = 0;
    pushed = 0;
  }

  @Override
  public void close() {
    all.forEach(FlatGradients::close);
  }
}
