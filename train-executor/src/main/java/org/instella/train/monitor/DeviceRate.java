package org.instella.train.monitor;

import java.io.Serializable;
import java.util.Optional;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Gauges;
import org.instella.train.plan.DevicePeak;

/**
 * What one device could do at best, which an MFU refers to.
 *
 * @param name of the device
 * @param flopsPerSecond matrix products in the precision of the run
 * @param measured whether the rate was measured at the start of the run by a short matrix product,
 *     for want of a maker's figure: always so on a CPU
 */
public record DeviceRate(String name, double flopsPerSecond, boolean measured)
    implements Serializable {

  /**
   * The rate of a device.
   *
   * @param bfloat16 whether the run multiplies in bfloat16; else in float32
   * @param named what the recipe calls it, else the name that the driver tells
   */
  public static DeviceRate of(TorchDevice device, boolean bfloat16, Optional<String> named) {
    String name = named.or(() -> DeviceNames.of(device)).orElse(device.toString());
    return DevicePeak.named(name)
        .map(
            peak -> new DeviceRate(peak.name(), bfloat16 ? peak.bfloat16() : peak.float32(), false))
        .orElseGet(() -> measured(device, bfloat16, name));
  }

  private static DeviceRate measured(TorchDevice device, boolean bfloat16, String name) {
    try (Gauges gauges = new Gauges(device)) {
      double rate = gauges.matmulFlopsPerSecond(false);
      if (bfloat16) { // a processor without its instructions multiplies faster in float32
        rate = Math.max(rate, gauges.matmulFlopsPerSecond(true));
      }
      String shown =
          device.kind() == TorchDevice.Kind.CPU
              ? "%s, %d thread(s)".formatted(name, device.threads())
              : name;
      return new DeviceRate(shown, rate, true);
    }
  }

  /** Share of the peak that {@code devices} of them reach. */
  public double share(double flopsPerSecondOfAll, int devices) {
    return flopsPerSecondOfAll / (devices * flopsPerSecond);
  }
}
