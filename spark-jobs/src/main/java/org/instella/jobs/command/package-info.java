/**
 * The command line: one class per command, which turns options into a recipe and hands it to a job.
 * Start at {@link org.instella.jobs.command.Instella}.
 */
package org.instella.jobs.command;
