package org.instella.conf.manifest;

import java.io.Serializable;

/**
 * One file of an artefact.
 *
 * @param name path below the artefact's folder
 * @param sha256 SHA-256 of the file in lower-case hexadecimal, or its {@link TreeDigest}
 */
public record FileDigest(String name, long bytes, String sha256) implements Serializable {}
