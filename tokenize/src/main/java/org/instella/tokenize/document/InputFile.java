package org.instella.tokenize.document;

import java.io.Serializable;
import org.instella.conf.storage.Location;

/**
 * One file of documents.
 *
 * @param location where it is
 * @param name its path below the folder that was listed: what provenance records, so that the same
 *     corpus in another place gives the same bytes
 * @param bytes its length as stored
 */
public record InputFile(Location location, String name, long bytes, InputFormat format)
    implements Serializable {}
