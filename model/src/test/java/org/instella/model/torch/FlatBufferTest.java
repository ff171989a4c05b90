package org.instella.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.junit.jupiter.api.Test;

class FlatBufferTest {
  private static final TorchDevice CPU = TorchDevice.cpu(1);

  @Test
  void theAddressIsThatOfTheMemory() {
    try (FlatBuffer buffer = FlatBuffer.zeros(CPU, Precision.FLOAT32, 1000)) {
      Pointer window = Native.getDirectBufferPointer(buffer.bytes(0, 1000));
      assertThat(buffer.address()).isEqualTo(Pointer.nativeValue(window));
      new Pointer(buffer.address()).setFloat(12, 7.5f);
      assertThat(buffer.bytes(3, 4).getFloat()).isEqualTo(7.5f);
    }
  }

  @Test
  void aRangeIsCopiedAndTheRestStays() {
    try (FlatBuffer from = FlatBuffer.zeros(CPU, Precision.FLOAT32, 100);
        FlatBuffer to = FlatBuffer.host(CPU, Precision.FLOAT32, 100)) {
      from.fill(3);
      to.fill(1);
      to.copyFrom(from, 10, 20);
      float[] expected = new float[100];
      for (int i = 0; i < 100; i++) {
        expected[i] = i >= 10 && i < 20 ? 3 : 1;
      }
      float[] found = new float[100];
      to.bytes(0, 100).asFloatBuffer().get(found);
      assertThat(found).isEqualTo(expected);
    }
  }

  @Test
  void onTheCpuTheHostWorksInPlace() {
    try (FlatBuffer buffer = FlatBuffer.zeros(CPU, Precision.FLOAT32, 10)) {
      buffer.writeOnHost(host -> assertThat(host).isSameAs(buffer));
      buffer.readOnHost(host -> assertThat(host).isSameAs(buffer));
    }
  }
}
