package org.instella.conf.storage;

import java.io.Serializable;

/**
 * What a listing says of one file or folder.
 *
 * @param bytes length of a file; 0 for a folder
 * @param modifiedMillis modification time, milliseconds since 1970
 */
public record FileEntry(Location location, long bytes, boolean folder, long modifiedMillis)
    implements Serializable {}
