package org.instella.tokenize.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ids that are packed several at a time, against one after the other. */
class ByteRowTest {
  @ParameterizedTest
  @EnumSource
  void packsAnyNumberOfIdsBehindAnything(TokenWidth width) throws IOException {
    int largest = width == TokenWidth.UINT16 ? 0xFFFF : Integer.MAX_VALUE;
    Random random = new Random(3);
    ByteRow row = new ByteRow();
    ByteBuffer expected = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    for (int count = 0; count <= 200; count++) {
      int[] ids = random.ints(count + 10).map(id -> id & largest).toArray();
      if (count > 0) {
        ids[random.nextInt(count)] = largest;
      }
      int from = random.nextInt(10);
      row.addIds(ids, from, count, width);
      for (int i = from; i < from + count; i++) {
        if (width == TokenWidth.UINT16) {
          expected.putShort((short) ids[i]);
        } else {
          expected.putInt(ids[i]);
        }
      }
      if (random.nextBoolean()) { // so that what follows does not stand at a multiple of its size
        row.addBytes(new byte[] {7});
        expected.put((byte) 7);
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    row.writeTo(out);
    assertThat(ByteBuffer.wrap(out.toByteArray())).isEqualTo(expected.flip());
  }
}
