package org.instella.tokenize.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentFilesTest {
  @TempDir Path folder;

  @BeforeEach
  void makeFiles() throws IOException {
    for (String name :
        new String[] {
          "b/two.jsonl.gz",
          "b/one.parquet",
          "a.jsonl.zst",
          "b-c.json",
          "README.md",
          "_SUCCESS",
          ".hidden/x.jsonl",
          "b/.x.jsonl",
          "b/c/d.arrow"
        }) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, name);
    }
  }

  @Test
  void listsATreeInTheOrderOfNamesAndSaysWhatItLeavesOut() {
    DocumentFiles files = DocumentFiles.list(Storage.standard(), folder.toString());
    assertThat(files.files())
        .extracting(InputFile::name)
        .containsExactly(
            "a.jsonl.zst", "b-c.json", "b/c/d.arrow", "b/one.parquet", "b/two.jsonl.gz");
    assertThat(files.ignored()).containsExactly("README.md");
    assertThat(files.bytes()).isEqualTo(11 + 8 + 11 + 13 + 14);
    assertThat(files.files().get(4).format()).isEqualTo(InputFormat.JSON_LINES_GZIP);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "*.zst, a.jsonl.zst",
    "b/*.gz, two.jsonl.gz",
    "b/o?e.parquet, one.parquet",
    "**/*.arrow, b/c/d.arrow",
    "*/c/*, b/c/d.arrow",
    "[a-b]/[s-u]wo.jsonl.gz, b/two.jsonl.gz",
    "b-c.json, b-c.json"
  })
  void findsWhatAPatternMatches(String pattern, String name) {
    assertThat(DocumentFiles.list(Storage.standard(), folder + "/" + pattern).files())
        .extracting(InputFile::name)
        .containsExactly(name);
  }

  @Test
  void aLinkHasTheSizeOfItsTarget() throws IOException {
    Path target = Files.writeString(folder.resolve(".target"), "x".repeat(5000));
    Files.createSymbolicLink(folder.resolve("link.jsonl"), target);
    assertThat(DocumentFiles.list(Storage.standard(), folder + "/link*").files())
        .singleElement()
        .satisfies(file -> assertThat(file.bytes()).isEqualTo(5000));
  }

  @Test
  void refusesAPlaceWithoutDocuments() {
    assertThatThrownBy(() -> DocumentFiles.list(Storage.standard(), folder + "/*.md"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("No documents at " + folder)
        .hasMessageContaining("found README.md");
    assertThatThrownBy(() -> DocumentFiles.list(Storage.standard(), folder + "/README.md"))
        .hasMessageContaining("README.md ends in no known format");
    assertThatThrownBy(() -> DocumentFiles.list(Storage.standard(), folder + "/absent"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("absent");
  }
}
