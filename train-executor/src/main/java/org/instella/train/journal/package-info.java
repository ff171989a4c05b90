/**
 * What is kept about a run beside its checkpoints: files of one JSON object a line, the driver's
 * journal of attempts, and from it where the wall time went. Start at {@link
 * org.instella.train.journal.RunJournal}.
 */
package org.instella.train.journal;
