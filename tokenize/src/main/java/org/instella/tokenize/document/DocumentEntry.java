package org.instella.tokenize.document;

/** What a reader finds: a document, or a line that is none. */
public sealed interface DocumentEntry permits Document, RejectedLine {}
