package org.instella.jobs;

import org.instella.conf.storage.Location;

/**
 * What a job leaves behind.
 *
 * @param artefact the folder whose manifest stands for the output
 * @param summary one line for a person: counts, loss, score
 */
public record JobResult(Location artefact, String summary) {}
