package org.instella.jobs;

import java.util.function.Supplier;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.Cluster;

/**
 * What a job is given from outside.
 *
 * @param name what progress lines call it: the step's name, or the command's
 * @param cluster starts Spark on the first call; jobs that need none never call it
 * @param output where the job writes
 */
public record JobContext(
    String name, Storage storage, Supplier<Cluster> cluster, Location output) {}
