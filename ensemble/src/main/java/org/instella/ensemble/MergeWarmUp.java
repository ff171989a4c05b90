package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.instella.conf.manifest.Digests;
import org.instella.ensemble.method.LinearMerge;
import org.instella.ensemble.method.MeanKernel;
import org.instella.model.checkpoint.Dtype;

/**
 * Has Java compile what a merge spends its time in, on zeros, while another core still reads the
 * command line, the recipe and the headers. A merge of a gigabyte would otherwise be a fifth done
 * before its loops run at their speed.
 */
public final class MergeWarmUp {
  private static final int ELEMENTS = 1 << 15;
  private static final int MODELS = 3;

  /** Cells, and blocks of a digest, after which the compilers know all that they want to know. */
  private static final int CELLS = 16;

  private static final int DIGESTS = 200;

  private MergeWarmUp() {}

  /** Begins, and ends by itself; nobody waits for it. */
  public static void inBackground() {
    Thread thread = new Thread(MergeWarmUp::run, "warm-up");
    thread.setDaemon(true);
    thread.start();
  }

  private static void run() {
    // The digest's own loop stands for an instruction of the processor: a few small steps of it,
    // because until it is compiled it takes a thousand times as long.
    MessageDigest digest = Digests.newSha256();
    byte[] block = new byte[2 * digest.getDigestLength()];
    for (int i = 0; i < DIGESTS; i++) {
      digest.update(block);
    }
    MeanKernel kernel = MeanKernel.of(Dtype.F32, false).orElseThrow();
    ByteBuffer[] models = new ByteBuffer[MODELS];
    for (int m = 0; m < MODELS; m++) {
      models[m] = ByteBuffer.allocateDirect(ELEMENTS * Float.BYTES);
    }
    ByteBuffer merged = ByteBuffer.allocateDirect(ELEMENTS * Float.BYTES);
    LinearMerge mean = LinearMerge.mean(MODELS);
    for (int cell = 0; cell < CELLS; cell++) {
      kernel.mean(models, mean.factors(), mean.divisor(), ELEMENTS, merged);
    }
  }
}
