/**
 * What a run measures about itself beside its loss: where the time of a step goes, how near it is
 * to what the device can do, and which losses stand out. Start at {@link
 * org.instella.train.monitor.SpikeDetector}.
 */
package org.instella.train.monitor;
