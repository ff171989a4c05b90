package org.instella.ensemble;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.instella.conf.manifest.Digests;

/**
 * Identity of a parent that has no manifest: SHA-256 over the names and CRC-32C checksums of its
 * tensors, gathered while they were merged. The same for every layout of its shards.
 *
 * @param parent number of the parent
 * @param shards notes of all shards: parent, tensor, checksum
 */
record ParentChecksum(String parent, List<SortedMap<String, SortedMap<String, String>>> shards)
    implements Supplier<String> {
  @Override
  public String get() {
    SortedMap<String, String> tensors = new TreeMap<>();
    shards.forEach(shard -> tensors.putAll(shard.getOrDefault(parent, new TreeMap<>())));
    StringBuilder text = new StringBuilder();
    tensors.forEach((name, crc) -> text.append(crc).append(' ').append(name).append('\n'));
    return "crc32c:" + Digests.sha256(text.toString());
  }
}
