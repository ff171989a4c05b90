package org.instella.tokenize.shard.convert;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.DigestingOutputStream;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.TokenShard;

/**
 * What Dolma's tokeniser writes and OLMo trains on: {@code NAME.npy}, raw little-endian ids
 * (uint16, or uint32 for large vocabularies) without a NumPy header whatever the ending says, and
 * {@code NAME.csv.gz} with a row per document.
 */
public record DolmaFormat() implements ForeignFormat {
  private static final String IDS = ".npy";

  @Override
  public String kind() {
    return "tokens-dolma";
  }

  @Override
  public String ending() {
    return IDS;
  }

  @Override
  public List<FileDigest> write(Storage storage, TokenShard shard, Location folder, String name)
      throws IOException {
    Location ids = folder.resolve(name + IDS);
    try (DigestingOutputStream out = new DigestingOutputStream(storage.create(ids))) {
      IdStream.write(shard, out);
      out.close();
      return List.of(
          out.finish(ids.name()),
          DocumentTable.write(storage, shard, folder.resolve(name + DocumentTable.SUFFIX)));
    }
  }

  @Override
  public void read(
      Storage storage, Location folder, String name, ShardHeader header, DocumentSink documents)
      throws IOException {
    Location file = folder.resolve(name + IDS);
    long total = storage.stat(file).bytes() / header.width().bytes();
    int[] ids = new int[1024];
    long position = 0;
    try (InputStream in = new BufferedInputStream(storage.open(file), 1 << 16);
        DocumentTable.Reader rows =
            new DocumentTable.Reader(storage, folder.resolve(name + DocumentTable.SUFFIX))) {
      for (Optional<DocumentTable.Row> next = rows.next(); next.isPresent(); next = rows.next()) {
        DocumentTable.Row row = next.get();
        if (row.start() != position || row.end() < position || row.end() > total) {
          throw inconsistent(file, row.start(), row.end(), position, total);
        }
        int count = Math.toIntExact(row.end() - position);
        ids = count > ids.length ? new int[count] : ids;
        IdStream.read(in, header.width(), ids, count);
        documents.add(ids, count, row.id(), row.file(), row.line());
        position = row.end();
      }
    }
    if (position != total || storage.stat(file).bytes() % header.width().bytes() != 0) {
      throw inconsistent(file, position, position, position, total);
    }
  }

  private static DataException inconsistent(
      Location file, long start, long end, long position, long total) {
    return new DataException(
        ConvertError.INCONSISTENT_FILES,
        ("%s has %,d ids, but its .csv.gz has a document from %,d to %,d where %,d should begin; "
                + "is the vocabulary size right, which decides the width of an id?")
            .formatted(file, total, start, end, position));
  }
}
