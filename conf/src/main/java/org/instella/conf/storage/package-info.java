/**
 * Files anywhere: local, HDFS, object stores. Start with {@link org.instella.conf.storage.Storage}.
 *
 * <p>What is written here becomes visible whole or not at all: bytes first, manifest last, one
 * {@link org.instella.conf.storage.Storage#publish}.
 */
package org.instella.conf.storage;
