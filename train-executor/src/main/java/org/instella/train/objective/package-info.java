/**
 * What a training step makes smaller: one class per objective. Start reading at {@link
 * org.instella.train.objective.Objective}.
 */
package org.instella.train.objective;
