/**
 * Benchmarks as data: a task is a versioned HOCON file under {@code tasks/}, and the classes here
 * only know how to run any of them. No class knows a benchmark by name.
 *
 * <p>Start at {@link org.instella.eval.task.TaskCatalog}, then {@link
 * org.instella.eval.task.EvalTask}.
 */
package org.instella.eval.task;
