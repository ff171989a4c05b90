/**
 * Token data sets in the formats of others and back: {@link
 * org.instella.tokenize.shard.convert.DolmaFormat} (what OLMo trains on) and {@link
 * org.instella.tokenize.shard.convert.MegatronFormat}. Every id, document boundary, document id and
 * place of origin survives the way there and back. Start with {@link
 * org.instella.tokenize.shard.convert.ShardConverter}.
 */
package org.instella.tokenize.shard.convert;
