package org.instella.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.document.Document;
import org.instella.tokenize.document.DocumentLimits;
import org.instella.tokenize.document.DocumentReader;
import org.instella.tokenize.document.DocumentSchema;
import org.instella.tokenize.document.InputFile;
import org.instella.tokenize.document.InputFormat;
import org.instella.tokenize.document.InputSlice;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Arrow files with compressed buffers are read with the codecs that Spark brings. */
class CompressedArrowTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"LZ4_FRAME", "ZSTD"})
  void readsCompressedBuffers(CodecType codec) throws IOException {
    Path path = folder.resolve("x.arrow");
    write(path, codec);
    InputFile file =
        new InputFile(Location.of(path), "x.arrow", Files.size(path), InputFormat.ARROW);
    try (DocumentReader reader =
        DocumentReader.open(
            Storage.standard(),
            InputSlice.whole(file),
            DocumentSchema.DOLMA,
            DocumentLimits.STANDARD)) {
      for (String text : List.of("one ".repeat(500), "zwei", "")) {
        assertThat(((Document) reader.next()).text()).isEqualTo(text);
      }
      assertThat(reader.hasNext()).isFalse();
    }
  }

  private static void write(Path path, CodecType codec) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector texts = new VarCharVector("text", allocator);
        OutputStream out = Files.newOutputStream(path)) {
      texts.setSafe(0, "one ".repeat(500).getBytes(StandardCharsets.UTF_8));
      texts.setSafe(1, "zwei".getBytes(StandardCharsets.UTF_8));
      texts.setSafe(2, new byte[0]);
      texts.setValueCount(3);
      try (VectorSchemaRoot root = VectorSchemaRoot.of(texts);
          ArrowFileWriter writer =
              new ArrowFileWriter(
                  root,
                  null,
                  Channels.newChannel(out),
                  null,
                  IpcOption.DEFAULT,
                  CommonsCompressionFactory.INSTANCE,
                  codec)) {
        root.setRowCount(3);
        writer.writeBatch();
      }
    }
  }
}
