package org.instella.conf.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.InstellaException;

/** Turns an {@link IOException} into the error that says whose turn it is. */
final class StorageFailures {
  private StorageFailures() {}

  static InstellaException translate(
      String verb, Location location, IOException e, StorageError otherwise) {
    if (e instanceof NoSuchFileException || e instanceof FileNotFoundException) {
      return new DataException(
          StorageError.NOT_FOUND, "Cannot %s %s: not found".formatted(verb, location), e);
    }
    if (e instanceof FileAlreadyExistsException
        || e instanceof org.apache.hadoop.fs.FileAlreadyExistsException) {
      return alreadyThere(location, e);
    }
    return new EnvironmentException(
        otherwise, "Cannot %s %s: %s".formatted(verb, location, reason(e)), e);
  }

  static DataException alreadyThere(Location location, IOException cause) {
    return new DataException(
        StorageError.ALREADY_EXISTS,
        "%s exists already and is not overwritten; remove it or name another output"
            .formatted(location),
        cause);
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NotDirectoryException) {
      return "not a folder";
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
