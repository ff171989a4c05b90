package org.instella.jobs.cluster;

import java.util.function.Supplier;

/** Starts Spark when somebody first needs it, and ends it if anybody did. */
public final class LazyCluster implements Supplier<Cluster>, AutoCloseable {
  private final String application;
  private final ClusterConfig config;
  private final int ranks;
  private Cluster cluster;

  public LazyCluster(String application, ClusterConfig config, int ranks) {
    this.application = application;
    this.config = config;
    this.ranks = ranks;
  }

  @Override
  public synchronized Cluster get() {
    if (cluster == null) {
      cluster = Cluster.open(application, config, ranks);
    }
    return cluster;
  }

  @Override
  public synchronized void close() {
    if (cluster != null) {
      cluster.close();
    }
  }
}
