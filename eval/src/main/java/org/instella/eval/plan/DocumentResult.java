package org.instella.eval.plan;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.instella.eval.metric.ScoredChoice;
import org.instella.eval.request.Likelihood;
import org.instella.eval.task.TaskDocument;

/**
 * One document with what the model said and what that is worth.
 *
 * @param conditional answers of the options, empty for a generation
 * @param choice the scored question, empty for a generation
 * @param generated the text as generated, empty for a choice
 * @param extracted the answer cut out of the text, empty for a choice
 * @param values value per metric id
 */
public record DocumentResult(
    TaskDocument document,
    List<Likelihood> conditional,
    Optional<ScoredChoice> choice,
    Optional<String> generated,
    Optional<String> extracted,
    SortedMap<String, Double> values) {}
