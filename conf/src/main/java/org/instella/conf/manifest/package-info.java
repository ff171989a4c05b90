/**
 * What an artefact is made of: inputs, configuration, files, each with a digest.
 *
 * <p>Start with {@link org.instella.conf.manifest.Manifest}. A folder is an artefact when its
 * {@code manifest.json} is there; nothing in it depends on the wall clock.
 */
package org.instella.conf.manifest;
