/**
 * Where a job runs: the Spark context for a master, the slots it offers, and the Spark home that
 * embedded executors start from. Start at {@link org.instella.jobs.cluster.Cluster}.
 */
package org.instella.jobs.cluster;
