package org.instella.conf.manifest;

import java.io.Serializable;

/**
 * One file of an artefact.
 *
 * @param name path below the artefact's folder
 * @param sha256 lower-case hexadecimal
 */
public record FileDigest(String name, long bytes, String sha256) implements Serializable {}
