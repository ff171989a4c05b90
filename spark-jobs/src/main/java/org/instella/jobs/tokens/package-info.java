/**
 * Token data sets as a Spark data source, {@code format("instella-tokens")}: read as rows of id,
 * source, tokens and place, written from rows of text or tokens with the same shards, the same
 * commit and the same manifest as {@code instella tokenize}. Start with {@link
 * org.instella.jobs.tokens.TokensProvider}.
 */
package org.instella.jobs.tokens;
