package org.instella.ensemble;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.model.checkpoint.TensorInfo;

/** The manifest of a merged model: what was done, and to which parents. */
final class MergeManifest {
  private MergeManifest() {}

  /**
   * Puts it together.
   *
   * @param outputs tensors as they are written
   * @param notes one per file of the output
   */
  static Manifest of(
      MergeConfig config,
      Collection<ModelFolder> folders,
      List<TensorInfo> outputs,
      List<FinishedShard.Note> notes,
      List<FileDigest> files) {
    Manifest.Builder manifest =
        Manifest.builder(ModelFolderWriter.KIND, ModelFolderWriter.FORMAT_VERSION);
    files.forEach(manifest::file);
    config.description().forEach((key, value) -> manifest.configuration("merge." + key, value));
    List<Object> parents = new ArrayList<>();
    int number = 0;
    for (ModelFolder folder : folders) {
      Optional<Manifest> parent = folder.manifest();
      String parentNumber = Integer.toString(number);
      String digest = parent.map(Manifest::digest).orElseGet(() -> checksum(parentNumber, notes));
      manifest.input("parent %d %s".formatted(number++, folder.location().name()), digest);
      SortedMap<String, Object> facts = new TreeMap<>();
      facts.put("name", folder.location().name());
      facts.put("digest", digest);
      facts.put("kind", parent.map(Manifest::kind).orElse("folder without manifest"));
      parents.add(facts);
    }
    return manifest
        .fact("parents", parents)
        .fact("parameters", outputs.stream().mapToLong(TensorInfo::elements).sum())
        .fact("tensors", outputs.size())
        .fact("dtype", outputs.get(0).dtype().torchName())
        .build();
  }

  /**
   * Identity of a parent that has no manifest: SHA-256 over the names and CRC-32C checksums of its
   * tensors, gathered while they were merged. The same for every layout of its shards.
   */
  private static String checksum(String parent, List<FinishedShard.Note> notes) {
    SortedMap<String, String> tensors = new TreeMap<>();
    notes.forEach(note -> tensors.putAll(note.checksums().getOrDefault(parent, new TreeMap<>())));
    StringBuilder text = new StringBuilder();
    tensors.forEach((name, crc) -> text.append(crc).append(' ').append(name).append('\n'));
    return "crc32c:" + Digests.sha256(text.toString());
  }
}
