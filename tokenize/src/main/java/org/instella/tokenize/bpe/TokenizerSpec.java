package org.instella.tokenize.bpe;

import java.io.Serializable;
import org.instella.conf.storage.Location;

/**
 * Names a tokenizer: what is shipped to executors, which open it there.
 *
 * @param file a {@code tokenizer.json}, the same packed with gzip, or a model folder that holds one
 */
public record TokenizerSpec(Location file) implements Serializable {}
