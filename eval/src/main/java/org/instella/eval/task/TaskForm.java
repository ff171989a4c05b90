package org.instella.eval.task;

/** How a task turns rows into requests. */
public sealed interface TaskForm permits ChoiceForm, GenerationForm, RequestFileForm {}
