/**
 * Documents as they come: files of JSON lines (plain, gzip, Zstandard), Parquet and Arrow, found,
 * packed into units of work and read one after the other; what cannot be read as a document comes
 * out as a {@link org.instella.tokenize.document.RejectedLine}.
 *
 * <p>Start with {@link org.instella.tokenize.document.DocumentReader}; {@link
 * org.instella.tokenize.document.WorkPacking} decides which files make which shard. Tokens and
 * shards may not appear here.
 */
package org.instella.tokenize.document;
