/**
 * Faults on purpose: a run with {@code --chaos} kills and freezes its own ranks while it trains, to
 * show that it goes on by itself and ends with the bytes of a quiet run. Start at {@link
 * org.instella.jobs.chaos.Chaos}.
 */
package org.instella.jobs.chaos;
