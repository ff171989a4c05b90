package org.instella.conf.manifest;

import org.instella.conf.error.ErrorCode;

/** Failures around manifests. */
public enum ManifestError implements ErrorCode {
  /** A folder without {@code manifest.json}: not an artefact, or one that was never finished. */
  MISSING_MANIFEST,
  /** A manifest that is no JSON or lacks a field. */
  MALFORMED_MANIFEST,
  /** A file whose bytes are not those that the manifest names. */
  FILE_DIFFERS
}
