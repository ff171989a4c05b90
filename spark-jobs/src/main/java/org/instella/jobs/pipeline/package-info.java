/**
 * A directed graph of jobs from one recipe: order, concurrency, and which steps are done already.
 * Knows jobs, not what they compute. Start at {@link org.instella.jobs.pipeline.Pipeline}.
 */
package org.instella.jobs.pipeline;
