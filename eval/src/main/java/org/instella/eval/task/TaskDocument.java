package org.instella.eval.task;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One document of a task with what is asked about it.
 *
 * @param task the task, or the subtask where a task is split by a field
 * @param index place in the order of evaluation, from 0: the {@code doc_id} of result files
 * @param nativeId the document's own name, for people; the index where it has none
 * @param fields the row as it stood in the file
 */
public record TaskDocument(
    String task, int index, String nativeId, ObjectNode fields, DocumentRequests requests) {}
