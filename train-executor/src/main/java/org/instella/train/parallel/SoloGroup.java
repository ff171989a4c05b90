package org.instella.train.parallel;

/** A group of one: every collective is the identity. */
final class SoloGroup implements ProcessGroup {
  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int count() {
    return 1;
  }

  @Override
  public void reduceScatter(FloatMemory buffer, Slice range) {}

  @Override
  public void allGather(FloatMemory buffer) {}

  @Override
  public void broadcast(FloatMemory buffer) {}

  @Override
  public void allReduce(double[] values) {}

  @Override
  public double secondsSpent() {
    return 0;
  }

  @Override
  public void abort(String reason) {}

  @Override
  public void close() {}
}
