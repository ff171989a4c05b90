package org.instella.train.tensorboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
  private static final Storage STORAGE = Storage.standard();
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_500L), ZoneOffset.UTC);
  @TempDir Path folder;

  private List<byte[]> records(Location file) {
    ByteBuffer bytes =
        ByteBuffer.wrap(STORAGE.readBytes(file, 1 << 20)).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> records = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] length = new byte[8];
      bytes.get(length);
      assertThat(bytes.getInt()).isEqualTo(TfRecords.maskedCrc(length));
      byte[] record =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      bytes.get(record);
      assertThat(bytes.getInt()).isEqualTo(TfRecords.maskedCrc(record));
      records.add(record);
    }
    return records;
  }

  /** The check value of CRC-32C, masked as the format's authors do. */
  @Test
  void checksumsAreMaskedCrc32C() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    int crc = 0xe3069283;
    assertThat(TfRecords.maskedCrc(digits)).isEqualTo((crc >>> 15 | crc << 17) + 0xa282ead8);
  }

  /**
   * Recorded from tensorboard 2.21.0 with protobuf 7.36.2: {@code Event(...).SerializeToString()}.
   */
  @Test
  void eventsAreTheBytesThatProtobufWrites() {
    double time = 1_700_000_000.5;
    assertThat(hex(EventMessage.scalars(time, 300, Map.of("train/loss", 2.5))))
        .isEqualTo("0900002040fc54d94110ac022a130a110a0a747261696e2f6c6f73731500002040");
    assertThat(hex(EventMessage.sessionStart(time, 11)))
        .isEqualTo("0900002040fc54d941100b3a020801");
    assertThat(hex(EventMessage.fileVersion(time)))
        .isEqualTo("0900002040fc54d9411a0d627261696e2e4576656e743a32");
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void aFileBeginsWithItsVersionAndTheStepItGoesOnFrom() {
    Location place = Location.of(folder);
    try (EventFile file = EventFile.create(STORAGE, place, 11, CLOCK)) {
      file.add(11, Map.of("train/loss", 2.5));
      file.add(12, Map.of("train/loss", Double.NaN)); // nothing to show
      assertThat(events(place)).as("readable while it is written").hasSize(1);
      assertThat(records(events(place).get(0)))
          .extracting(EventFileTest::hex)
          .containsExactly(
              hex(EventMessage.fileVersion(1_700_000_000.5)),
              hex(EventMessage.sessionStart(1_700_000_000.5, 11)),
              hex(EventMessage.scalars(1_700_000_000.5, 11, Map.of("train/loss", 2.5))));
    }
  }

  @Test
  void everyAttemptHasAFileOfItsOwn() {
    Location place = Location.of(folder);
    EventFile.create(STORAGE, place, 1, CLOCK).close();
    EventFile.create(STORAGE, place, 5, CLOCK).close();
    assertThat(events(place))
        .extracting(Location::name)
        .containsExactly(
            "events.out.tfevents.1700000000.500.instella",
            "events.out.tfevents.1700000000.501.instella");
  }

  private static List<Location> events(Location place) {
    return STORAGE.list(place).stream().map(FileEntry::location).toList();
  }
}
