package org.instella.conf.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {
  @TempDir Path temporary;
  private final Storage storage = Storage.standard();

  private Location artefact() {
    Location folder = Location.of(temporary.resolve("artefact"));
    storage.writeText(folder.resolve("part.bin"), "hello");
    Manifest.builder("tokens", 1)
        .input("corpus", "abc")
        .configuration(Map.of("seed", "7"))
        .file(Digests.of(storage, folder.resolve("part.bin"), "part.bin"))
        .fact("tokens", 5_000_000_000L)
        .fact("sources", List.of("web", "code"))
        .fact("per-source", Map.of("web", 3, "code", 2))
        .build()
        .writeTo(storage, folder);
    return folder;
  }

  @Test
  void readsBackWhatWasWritten() {
    Manifest manifest = Manifest.read(storage, artefact());
    assertThat(manifest.kind()).isEqualTo("tokens");
    assertThat(manifest.inputs()).containsEntry("corpus", "abc");
    assertThat(manifest.longFact("tokens")).isEqualTo(5_000_000_000L);
    assertThat(manifest.facts()).containsEntry("sources", List.of("web", "code"));
    assertThat(manifest.files())
        .containsExactly(
            new FileDigest(
                "part.bin", 5, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
    manifest.verify(storage, Location.of(temporary.resolve("artefact")));
  }

  @Test
  void readingAndWritingAgainGivesTheSameBytes() {
    Location folder = artefact();
    Manifest manifest = Manifest.read(storage, folder);
    assertThat(manifest.toJson()).isEqualTo(storage.readText(folder.resolve("manifest.json")));
    assertThat(manifest.digest())
        .isEqualTo(Digests.sha256(storage, folder.resolve("manifest.json")));
  }

  @Test
  void namesTheFileWithAFlippedByte() throws Exception {
    Location folder = artefact();
    Files.writeString(folder.resolve("part.bin").toLocalPath(), "hellp");
    assertThatThrownBy(() -> Manifest.read(storage, folder).verify(storage, folder))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("part.bin has sha256")
        .hasMessageContaining("but its manifest says 2cf24dba");
  }

  @Test
  void namesTheFileThatIsTooShort() throws Exception {
    Location folder = artefact();
    Files.writeString(folder.resolve("part.bin").toLocalPath(), "hell");
    assertThatThrownBy(() -> Manifest.read(storage, folder).verify(storage, folder))
        .hasMessageContaining("part.bin has 4 bytes but its manifest says 5");
  }

  @Test
  void aFolderWithoutAManifestIsNoArtefact() {
    assertThatThrownBy(() -> Manifest.read(storage, Location.of(temporary)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has no manifest.json: it is not an artefact of ours");
  }

  @Test
  void namesTheFieldThatIsMissing() throws Exception {
    Files.writeString(temporary.resolve("manifest.json"), "{\"kind\": \"tokens\"}");
    assertThatThrownBy(() -> Manifest.read(storage, Location.of(temporary)))
        .hasMessageContaining("manifest.json is not a manifest: field \"files\" is missing");
  }

  @Test
  void aManifestCannotNameFilesOutsideItsFolder() throws Exception {
    Location folder = artefact();
    Manifest manifest = Manifest.read(storage, folder);
    FileDigest outside = new FileDigest("../../etc/passwd", 1, "00");
    assertThat(manifest.files()).hasSize(1);
    assertThatThrownBy(() -> Manifest.verify(storage, folder, outside))
        .hasMessageContaining("does not name a file inside");
  }

  @Test
  void theFingerprintFollowsInputsAndConfigurationOnly() {
    Manifest base = Manifest.builder("x", 1).input("a", "1").configuration("k", "v").build();
    Manifest withFact =
        Manifest.builder("x", 1).input("a", "1").configuration("k", "v").fact("n", 1).build();
    Manifest otherInput = Manifest.builder("x", 1).input("a", "2").configuration("k", "v").build();
    Manifest otherKey = Manifest.builder("x", 1).input("a", "1").configuration("k", "w").build();
    assertThat(withFact.fingerprint()).isEqualTo(base.fingerprint());
    assertThat(otherInput.fingerprint()).isNotEqualTo(base.fingerprint());
    assertThat(otherKey.fingerprint()).isNotEqualTo(base.fingerprint());
  }
}
