/**
 * Ranks and the collectives between them. Start reading at {@link
 * org.instella.train.parallel.ProcessGroup}. What crosses a process border carries the generation,
 * nobody waits for ever, and no thread of ours lets an exception escape.
 */
package org.instella.train.parallel;
