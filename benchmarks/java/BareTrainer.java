import java.util.List;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.train.TrainConfig;
import org.instella.train.TrainListener;
import org.instella.train.TrainRun;
import org.instella.train.Trainer;
import org.instella.train.parallel.Rank;

/**
 * A whole training run in one process without Spark.
 *
 * <p>Arguments: RECIPE OUTPUT [PARAMETERS]. With a number of parameters it first prints the seconds
 * of nine copies of such a state (weights and two moments, float32) in memory that was touched
 * before.
 */
public class BareTrainer {
  public static void main(String[] arguments) {
    Location recipe = Location.of(arguments[0]);
    Recipe read = Recipe.load(Storage.standard(), recipe, List.of());
    Settings train = read.root().section("train", "").ignoring("ranks");
    TrainConfig config = TrainConfig.from(train);
    if (arguments.length > 2) {
      copies(Long.parseLong(arguments[2]));
    }
    var resolved = train.resolved();
    resolved.remove("ranks");
    Trainer.run(
        config,
        new TrainRun(
            Rank.alone(),
            Storage.standard(),
            Location.of(arguments[1]),
            resolved,
            TrainListener.silent(),
            () -> false));
  }

  private static void copies(long parameters) {
    TorchDevice device = TorchDevice.cpu(1);
    long length = (3 * parameters + OptimizerKernels.CHUNK - 1) / OptimizerKernels.CHUNK * OptimizerKernels.CHUNK;
    try (OptimizerKernels kernels = new OptimizerKernels(device);
        FlatBuffer from = FlatBuffer.zeros(device, Precision.FLOAT32, length);
        FlatBuffer to = FlatBuffer.zeros(device, Precision.FLOAT32, length)) {
      kernels.scale(from, 0, length, 1.0);
      kernels.copyInto(to, 0, from, 0, length);
      for (int i = 0; i < 9; i++) {
        long start = System.nanoTime();
        kernels.copyInto(to, 0, from, 0, length);
        System.out.println((System.nanoTime() - start) / 1e9);
      }
    }
  }
}
