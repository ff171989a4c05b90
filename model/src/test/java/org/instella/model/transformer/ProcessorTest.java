package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessorTest {
  @TempDir Path folder;

  @Test
  void saysWhetherItHasInstructionsForBfloat16() throws IOException {
    assertThat(of("flags\t\t: fpu avx512f avx512_bf16 amx_tile").multipliesBfloat16()).isTrue();
    assertThat(of("flags\t\t: fpu avx512f avx512_vnni").multipliesBfloat16()).isFalse();
    assertThat(of("Features\t: fp asimd bf16 i8mm").multipliesBfloat16()).isTrue();
    assertThat(of("Features\t: fp asimd").multipliesBfloat16()).isFalse();
  }

  @Test
  void oneThatDoesNotTellIsTrusted() throws IOException {
    assertThat(of("Hardware : bf16less").multipliesBfloat16()).isTrue();
    assertThat(Processor.describedBy(folder.resolve("absent")).multipliesBfloat16()).isTrue();
  }

  @Test
  void oneDnnIsForAmdWithAvx512() throws IOException {
    String amd = "vendor_id\t: AuthenticAMD\n";
    assertThat(of(amd + "flags\t\t: fpu avx2 avx512f").prefersOneDnn()).isTrue();
    assertThat(of(amd + "flags\t\t: fpu avx2").prefersOneDnn()).isFalse();
    assertThat(of("vendor_id\t: GenuineIntel\nflags\t\t: avx2 avx512f").prefersOneDnn()).isFalse();
    assertThat(Processor.describedBy(folder.resolve("absent")).prefersOneDnn()).isFalse();
  }

  private Processor of(String lines) throws IOException {
    Path file = folder.resolve("cpuinfo");
    Files.writeString(file, "processor\t: 0\n" + lines + "\npower management:\n");
    return Processor.describedBy(file);
  }
}
