/**
 * What a training run looks like from its folder alone, running or finished: in words for {@code
 * inspect}, as one HTML page, and against its plan. Start at {@link
 * org.instella.jobs.report.RunView}.
 */
package org.instella.jobs.report;
