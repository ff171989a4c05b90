package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only object stores are asked: they have neither renames nor files that grow. */
class ObjectStorageTest {
  private final Storage storage = Storage.standard();
  private S3Server server;
  private String bucket;
  private Location published;

  @BeforeEach
  void startStore() throws IOException {
    server = S3Server.start();
    HadoopSettings.add(server.settings());
    bucket = "b-" + UUID.randomUUID(); // another file system than the last test's
    published = Location.of("s3a://" + bucket + "/runs/out");
  }

  @AfterEach
  void stopStore() {
    server.close();
  }

  private Location staged(String text) {
    Location staging = storage.staging(published);
    storage.writeText(staging.resolve("weights"), text);
    storage.writeText(staging.resolve("part/manifest.json"), "{\"part\": 1}");
    storage.writeText(staging.resolve("part/x"), text);
    storage.writeText(staging.resolve("manifest.json"), "{}");
    return staging;
  }

  /** Keys of what may be an artefact; markers of folders say nothing. */
  private List<String> files() {
    return server.keys(bucket).stream().filter(key -> !key.endsWith("/")).toList();
  }

  @Test
  void aPublicationThatIsCutShortIsNoArtefactAnywhereAndTheNextOneReplacesIt() {
    Location first = staged("first");
    server.refuse(r -> r.method().equals("PUT") && r.key().equals("runs/out/manifest.json"));
    assertThatThrownBy(() -> storage.publish(first, published))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("manifest.json")
        .hasMessageContaining("permission denied");
    assertThat(storage.exists(published)).isTrue();
    assertThat(storage.isPublished(published)).isFalse();
    assertThat(storage.isPublished(first)).isFalse();
    assertThatCode(() -> storage.requireAbsent(published)).doesNotThrowAnyException();
    storage.writeText(published.resolve("of-the-first"), "left");

    server.refuse(r -> false);
    storage.publish(staged("second"), published);
    assertThat(storage.isPublished(published)).isTrue();
    assertThat(storage.readText(published.resolve("weights"))).isEqualTo("second");
    assertThat(files())
        .filteredOn(key -> key.startsWith("runs/out/"))
        .containsExactly(
            "runs/out/manifest.json",
            "runs/out/part/manifest.json",
            "runs/out/part/x",
            "runs/out/weights");
    assertThatThrownBy(() -> storage.requireAbsent(published))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("runs/out exists already and is not overwritten");
  }

  @Test
  void whatWasGatheredInPlaceIsPublishedByItsManifest() {
    Location gathered = storage.assembly(storage.staging(published), published);
    assertThat(gathered).isEqualTo(published);
    storage.writeText(gathered.resolve("x"), "x");
    assertThatThrownBy(() -> storage.publish(gathered, published))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("manifest.json: not found");
    storage.writeText(gathered.resolve("manifest.json"), "{}");
    storage.publish(gathered, published);
    assertThat(files()).containsExactly("runs/out/manifest.json", "runs/out/x");
  }

  @Test
  void aGrowingFileThatCannotBePutStaysAsItWasAndIsToldBySync() throws IOException {
    Location file = published.resolve("metrics.jsonl");
    try (GrowingFile out = storage.grow(file)) {
      out.write(utf8("one\n"));
      out.takePlace();
      server.refuse(r -> r.method().equals("PUT"));
      out.write(utf8("two\n"));
      out.flush();
      assertThatThrownBy(out::sync).isInstanceOf(IOException.class);
      assertThat(storage.readText(file)).isEqualTo("one\n");
      server.refuse(r -> false);
      out.write(utf8("three\n"));
    }
    assertThat(storage.readText(file)).isEqualTo("one\ntwo\nthree\n");
  }

  @Test
  void aProcessThoughtDeadDoesNotWriteOverItsSuccessor() throws IOException {
    Location file = published.resolve("ledger.jsonl");
    GrowingFile dead = storage.grow(file);
    dead.write(utf8("old\n"));
    dead.takePlace();
    try (GrowingFile successor = storage.grow(file)) {
      successor.write(utf8("new\n"));
      successor.takePlace();
      dead.write(utf8("older\n"));
      assertThatThrownBy(dead::sync).hasMessageContaining("ledger.jsonl");
      assertThatThrownBy(dead::close).hasMessageContaining("ledger.jsonl");
      successor.write(utf8("newer\n"));
    }
    assertThat(storage.readText(file)).isEqualTo("new\nnewer\n");
  }

  @Test
  void aWriteThatFailsLeavesNoObject() throws IOException {
    Location file = published.resolve("half");
    ObjectOutput out = (ObjectOutput) storage.create(file);
    out.write(utf8("half of it"));
    out.discard();
    out.close();
    assertThat(files()).isEmpty();
  }

  @Test
  void manyFilesAreListedPageByPage() {
    for (int i = 0; i < 1_001; i++) {
      storage.writeText(published.resolve("f%04d".formatted(i)), "");
    }
    assertThat(storage.listFiles(published)).hasSize(1_001);
    storage.delete(published);
    assertThat(storage.exists(published)).isFalse();
  }

  @Test
  void aStoreWithoutItsConnectorIsNamed() {
    assertThatThrownBy(() -> storage.readText(Location.of("gs://bucket/recipe.conf")))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("gs://bucket/recipe.conf")
        .hasMessageContaining("INSTELLA_CLASS_PATH");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
