/**
 * Weights on disk: safetensors files and the model folders that transformers opens.
 *
 * <p>Start with {@link org.instella.model.checkpoint.ModelFolder}. Nothing here knows a tensor
 * library: weights are bytes in {@link java.nio.ByteBuffer}s, little-endian as in the files.
 */
package org.instella.model.checkpoint;
