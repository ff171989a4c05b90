package org.instella.conf.storage;

import org.instella.conf.error.ErrorCode;

/** Failures of {@link Storage}. */
public enum StorageError implements ErrorCode {
  /** A file or folder that must be there is not. */
  NOT_FOUND,
  /** A file or folder that must not be there is. */
  ALREADY_EXISTS,
  /** A relative name that would leave its folder. */
  PATH_ESCAPES_FOLDER,
  /** A location that cannot be read as a path or URI. */
  MALFORMED_LOCATION,
  /** A file longer than the reader allows. */
  TOO_LARGE,
  /** Reading failed half-way. */
  READ_FAILED,
  /** Writing failed: disk full, quota, permission. */
  WRITE_FAILED,
  /** No Hadoop connector for the scheme of a location. */
  UNKNOWN_FILE_SYSTEM
}
