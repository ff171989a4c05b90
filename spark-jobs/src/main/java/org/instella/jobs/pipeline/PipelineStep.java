package org.instella.jobs.pipeline;

import java.util.SortedMap;
import java.util.SortedSet;
import org.instella.conf.storage.Location;
import org.instella.jobs.Job;

/**
 * One step as its recipe describes it.
 *
 * @param kind name of the command it runs
 * @param needs names of the steps it refers to as {@code "@name"}
 * @param configuration its section, flat, with references as they were written: a pipeline moved to
 *     another folder keeps its fingerprints
 */
record PipelineStep(
    String name,
    String kind,
    Job job,
    Location output,
    SortedSet<String> needs,
    SortedMap<String, String> configuration) {}
