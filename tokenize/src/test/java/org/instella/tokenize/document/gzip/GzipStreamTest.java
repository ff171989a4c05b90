package org.instella.tokenize.document.gzip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GzipStreamTest {

  @Test
  void readsMembersWithEveryKindOfHeader() throws IOException {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      for (int member = 1 + random.nextInt(5); member > 0; member--) {
        byte[] one = DeflateSamples.content(random, random.nextBoolean() ? 10 : 200_000);
        content.write(one);
        packed.write(member(random, one));
      }
      packed.write(new byte[random.nextInt(20)]);
      byte[] file = packed.toByteArray();
      byte[] read = new GzipStream(DeflateSamples.inPieces(random, file)).readAllBytes();
      assertThat(Arrays.equals(read, content.toByteArray())).as("seed %d", seed).isTrue();
    }
  }

  /** Wherever a file ends early, all that could be unpacked comes first, then the error. */
  @Test
  void aFileThatIsCutShortSaysSo() throws IOException {
    Random random = new Random(5);
    byte[] content = DeflateSamples.content(random, 400_000);
    byte[] file = member(random, content);
    for (int i = 0; i < 300; i++) {
      int length = i < 30 ? i : random.nextInt(file.length);
      GzipStream in = new GzipStream(DeflateSamples.inPieces(random, Arrays.copyOf(file, length)));
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      assertThatThrownBy(() -> in.transferTo(read))
          .isInstanceOf(EOFException.class)
          .hasMessage("it is cut short at packed byte " + length);
      assertThat(Arrays.mismatch(read.toByteArray(), content)).isIn(-1, read.size());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void aWrongChecksumOrLengthIsAnErrorBehindAllBytes(int fromEnd) throws IOException {
    byte[] content = DeflateSamples.content(new Random(3), 200_000);
    byte[] file = member(new Random(4), content);
    file[file.length - fromEnd] ^= 1;
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    assertThatThrownBy(() -> new GzipStream(new ByteArrayInputStream(file)).transferTo(read))
        .isInstanceOf(ZipException.class)
        .hasMessageContaining("checksum before packed byte");
    assertThat(read.toByteArray()).isEqualTo(content);
  }

  @Test
  void whatFollowsAMemberMustBeOneOrZeros() throws IOException {
    byte[] file = member(new Random(4), new byte[1000]);
    byte[] followed = Arrays.copyOf(file, file.length + 3);
    followed[file.length + 1] = 7;
    assertThatThrownBy(() -> new GzipStream(new ByteArrayInputStream(followed)).readAllBytes())
        .isInstanceOf(ZipException.class)
        .hasMessageContaining("no gzip member begins before packed byte " + (file.length + 2));
  }

  @Test
  void anEmptyFileIsNone() {
    assertThatThrownBy(() -> new GzipStream(new ByteArrayInputStream(new byte[0])).read())
        .isInstanceOf(EOFException.class);
  }

  private static byte[] member(Random random, byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int flags = random.nextInt(32);
    out.write(new byte[] {0x1F, (byte) 0x8B, 8, (byte) flags, 1, 2, 3, 4, 0, 3});
    if ((flags & 4) != 0) {
      int extra = random.nextInt(600);
      out.write(extra);
      out.write(extra >>> 8);
      out.write(new byte[extra]);
    }
    if ((flags & 8) != 0) {
      out.write("a name\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
    if ((flags & 16) != 0) {
      out.write("a comment\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
    if ((flags & 2) != 0) {
      out.write(new byte[2]);
    }
    out.write(DeflateSamples.packed(random, content));
    CRC32 crc = new CRC32();
    crc.update(content);
    out.write(
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt((int) crc.getValue())
            .putInt(content.length)
            .array());
    return out.toByteArray();
  }
}
