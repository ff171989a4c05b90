package org.instella.train.parallel;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;

/** A tensor of any device as what collectives move. */
record TensorNumbers(FlatBuffer buffer) implements ProcessGroupContract.Numbers {

  static TensorNumbers of(TorchDevice device, float[] values) {
    FlatBuffer buffer = FlatBuffer.zeros(device, Precision.FLOAT32, values.length);
    buffer.writeOnHost(host -> host.bytes(0, values.length).asFloatBuffer().put(values));
    return new TensorNumbers(buffer);
  }

  @Override
  public FloatMemory memory() {
    return new FloatMemory() {
      @Override
      public long elements() {
        return buffer.length();
      }

      @Override
      public ByteBuffer window(long first, int count) {
        throw new AssertionError("a card has no windows");
      }

      @Override
      public Optional<FlatBuffer> tensor() {
        return Optional.of(buffer);
      }
    };
  }

  @Override
  public float[] toArray() {
    float[] values = new float[(int) buffer.length()];
    buffer.readOnHost(host -> host.bytes(0, values.length).asFloatBuffer().get(values));
    return values;
  }

  @Override
  public void close() {
    buffer.close();
  }
}
