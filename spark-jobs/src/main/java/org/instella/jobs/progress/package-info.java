/**
 * What travels between driver and executors beside the results: progress one way, the wish to stop
 * the other way. It rides on Spark's plugin channel, so it needs no port of its own. Start at
 * {@link org.instella.jobs.progress.ProgressPlugin}.
 */
package org.instella.jobs.progress;
