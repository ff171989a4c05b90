import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.DecoderSettings;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.model.transformer.TransformerConfig;

/**
 * Time of a bare training step: one micro-batch forward and backward, and the update.
 *
 * <p>Arguments: SHAPE (layers,hidden,heads,feed-forward,vocabulary) RUN
 * (batch,sequence,steps,threads) float32|bfloat16 [recompute-every [head-chunk]]. Prints wall
 * seconds, processor seconds and loss of every step. Started by benchmarks/step_time.py.
 */
public class StepTime {
  public static void main(String[] arguments) {
    int[] shape = numbers(arguments[0]);
    int[] run = numbers(arguments[1]);
    boolean half = arguments[2].equals("bfloat16");
    int recompute = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 0;
    int chunk = arguments.length > 4 ? Integer.parseInt(arguments[4]) : 512;
    TransformerConfig config =
        new TransformerConfig(
            shape[0], shape[1], shape[2], shape[2], shape[1] / shape[2], shape[3], shape[4],
            1e-5, 10000, run[1], false, 0, 0, 1);
    TorchDevice device = TorchDevice.cpu(run[3]);
    DecoderSettings settings =
        DecoderSettings.DEFAULT
            .withHeadChunk(chunk)
            .withRecomputeEvery(recompute)
            .withCompute(half ? DecoderSettings.Compute.BFLOAT16 : DecoderSettings.Compute.MASTER);
    int count = run[0] * run[1];
    Random random = new Random(1);
    int[] tokens = random.ints(count, 2, shape[4]).toArray();
    int[] targets = random.ints(count, 2, shape[4]).toArray();
    long length = FlatParameters.paddedLength(config);
    try (Decoder decoder = Decoder.initialise(config, 1, device, settings);
        FlatGradients gradients = FlatGradients.like(decoder.parameters());
        FlatBuffer first = FlatBuffer.zeros(device, Precision.FLOAT32, length);
        FlatBuffer second = FlatBuffer.zeros(device, Precision.FLOAT32, length);
        OptimizerKernels kernels = new OptimizerKernels(device)) {
      for (int step = 1; step <= run[2]; step++) {
        long wall = System.nanoTime();
        long cpu = cpuNanos();
        double loss = decoder.accumulate(tokens, targets, run[0], run[1], 1.0 / count, gradients);
        kernels.adamw(
            decoder.parameters().buffer(), gradients.buffer(), first, second, 0, length, 0, step,
            1e-3, 0.9, 0.95, 1e-8, 0.1, 1.0);
        decoder.parametersChanged();
        System.out.printf(
            "%.6f %.6f %.6f%n",
            (System.nanoTime() - wall) / 1e9, (cpuNanos() - cpu) / 1e9, loss / count);
      }
    }
  }

  private static int[] numbers(String text) {
    return Arrays.stream(text.split(",", -1)).mapToInt(Integer::parseInt).toArray();
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
