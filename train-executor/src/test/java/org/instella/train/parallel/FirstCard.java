package org.instella.train.parallel;

import org.instella.conf.error.EnvironmentException;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.Assumptions;

/** Tests that want a card say so and are skipped where there is none. */
public final class FirstCard {
  private FirstCard() {}

  /** The first card; the test is skipped, with the reason, if it cannot be used. */
  public static TorchDevice orSkip() {
    TorchDevice card = TorchDevice.gpu(0);
    try {
      card.require();
    } catch (EnvironmentException e) {
      Assumptions.abort("skipped, no card: " + e.getMessage());
    }
    return card;
  }
}
