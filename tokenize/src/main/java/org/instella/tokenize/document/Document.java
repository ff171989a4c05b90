package org.instella.tokenize.document;

/**
 * One document.
 *
 * @param id its own id; {@code file:line} where the input gives none
 * @param text never null, may be empty; every surrogate has its partner
 * @param source what the input says it came from, or the empty text
 * @param file where it was read, see {@link InputSlice#label()}
 * @param line line, or row of a table, from 1
 */
public record Document(String id, String text, String source, String file, long line)
    implements DocumentEntry {}
