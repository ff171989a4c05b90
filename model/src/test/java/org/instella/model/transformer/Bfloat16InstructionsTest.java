package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Bfloat16InstructionsTest {
  @TempDir Path folder;

  @Test
  void aProcessorSaysOfItselfWhatItCan() throws IOException {
    assertThat(inProcessor("flags\t\t: fpu avx512f avx512_bf16 amx_tile")).isTrue();
    assertThat(inProcessor("flags\t\t: fpu avx512f avx512_vnni")).isFalse();
    assertThat(inProcessor("Features\t: fp asimd bf16 i8mm")).isTrue();
    assertThat(inProcessor("Features\t: fp asimd")).isFalse();
  }

  @Test
  void oneThatDoesNotTellIsTrusted() throws IOException {
    assertThat(inProcessor("Hardware : unknown")).isTrue();
    assertThat(Bfloat16Instructions.inProcessor(folder.resolve("absent"))).isTrue();
  }

  @Test
  void cardsHaveThem() {
    assertThat(Bfloat16Instructions.areThere(TorchDevice.gpu(0))).isTrue();
  }

  private boolean inProcessor(String line) throws IOException {
    Path file = folder.resolve("cpuinfo");
    Files.writeString(file, "processor\t: 0\n" + line + "\npower management:\n");
    return Bfloat16Instructions.inProcessor(file);
  }
}
