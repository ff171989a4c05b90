package org.instella.tokenize.shard;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.List;
import org.instella.conf.error.BugException;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * What a task has written.
 *
 * @param name the shard's, without ending
 * @param files the shard, its id index and, where there are any, its rejected lines
 * @param documents documents in the shard
 * @param empty documents left out because they have no token
 * @param notDrawn documents that the fraction of the source left out
 * @param tokens tokens in the shard, end-of-document ids included
 * @param textBytes UTF-8 bytes of the texts
 * @param storedBytes bytes read from storage
 * @param inputCrc32c see {@link ShardInput}
 * @param rejected lines that are no documents
 */
public record ShardResult(
    String name,
    List<FileDigest> files,
    long documents,
    long empty,
    long notDrawn,
    long tokens,
    long textBytes,
    long storedBytes,
    String inputCrc32c,
    long rejected,
    ShardTimes times)
    implements Serializable {
  static final String FILE_NAME = "result.json";

  private static final ObjectMapper JSON = new ObjectMapper();

  public ShardResult {
    files = List.copyOf(files);
  }

  void writeTo(Storage storage, Location folder) {
    try {
      storage.writeText(folder.resolve(FILE_NAME), JSON.writeValueAsString(this) + "\n");
    } catch (JsonProcessingException e) {
      throw new BugException(ShardError.WRITE_FAILED, "a result has no JSON form", e);
    }
  }

  static ShardResult read(Storage storage, Location folder) {
    Location file = folder.resolve(FILE_NAME);
    try {
      return JSON.readValue(storage.readText(file), ShardResult.class);
    } catch (JsonProcessingException e) {
      throw new DataException(
          ShardError.SHARD_CORRUPT,
          "%s is damaged (%s); delete the staging folder and tokenize again"
              .formatted(file, e.getOriginalMessage()),
          e);
    }
  }
}
