package org.instella.ensemble.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.instella.model.checkpoint.Dtype;
import org.junit.jupiter.api.Test;

/** Starts of Java as {@code bin/instella merge} does it, which does not name the module. */
class VectorModuleTest {
  private static final String EXPORTS = "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED";

  @Test
  void theModuleIsTakenInWhenAMergeNeedsIt() throws Exception {
    assumeTrue(Runtime.version().feature() == 17, "newer Javas get --add-modules");
    // (1 + 2 + 6) / 3 in bfloat16
    assertThat(run(EXPORTS)).isEqualTo("4040");
  }

  @Test
  void withoutItPlainLoopsAreLeft() throws Exception {
    assertThat(run("-Dnothing")).isEqualTo("no kernel");
  }

  private static String run(String option) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(option);
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Bfloat16Mean.class.getName());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return said.strip();
  }

  /** The mean of 1, 2 and 6, by the kernel that only vector instructions give. */
  static final class Bfloat16Mean {
    public static void main(String[] arguments) {
      Optional<MeanKernel> kernel = MeanKernel.of(Dtype.BF16, true);
      if (kernel.isEmpty()) {
        System.out.println("no kernel");
        return;
      }
      int count = 64;
      ByteBuffer[] models = new ByteBuffer[4];
      for (int m = 0; m < models.length; m++) {
        models[m] =
            ByteBuffer.allocateDirect(count * Dtype.BF16.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      }
      for (int i = 0; i < count; i++) {
        Dtype.BF16.encode(new double[] {1}, 0, 1, models[0]);
        Dtype.BF16.encode(new double[] {2}, 0, 1, models[1]);
        Dtype.BF16.encode(new double[] {6}, 0, 1, models[2]);
      }
      ByteBuffer[] inputs = {models[0].flip(), models[1].flip(), models[2].flip()};
      LinearMerge mean = LinearMerge.mean(3);
      kernel.get().mean(inputs, mean.factors(), mean.divisor(), count, models[3]);
      System.out.printf("%x%n", models[3].getShort(count));
    }
  }
}
