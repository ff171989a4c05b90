package org.instella.eval.report;

import java.util.SortedMap;
import org.instella.conf.manifest.Manifest;

/**
 * One artefact that a report rests on.
 *
 * @param name what the report calls it
 * @param kind of its manifest
 * @param digest of its manifest
 * @param inputs digests of what it was made from, by name
 */
public record Provenance(
    String name, String kind, String digest, String codeVersion, SortedMap<String, String> inputs) {

  public static Provenance of(String name, Manifest manifest) {
    return new Provenance(
        name, manifest.kind(), manifest.digest(), manifest.codeVersion(), manifest.inputs());
  }
}
