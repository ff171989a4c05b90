/**
 * The log of commands that are over in a second: the same file and the same lines as {@code
 * log4j2.xml} gives, without the time that log4j2 takes to start. No command calls this; {@code
 * bin/instella} names {@link org.instella.jobs.logging.CommandLogProvider} to SLF4J.
 */
package org.instella.jobs.logging;
