/**
 * Barrier stages from Java: N ranks that start together and fail together, with the retry in the
 * driver. Nothing here knows what the ranks compute. Start at {@link
 * org.instella.jobs.barrier.BarrierStage}.
 */
package org.instella.jobs.barrier;
