package org.instella.jobs.command;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.instella.conf.storage.Location;

/**
 * What the launcher sends along with a driver that runs on the cluster ({@code --deploy-mode
 * cluster}), where neither its folder nor its files are at hand. They are properties of Spark,
 * because those reach such a driver before anything of ours runs.
 */
final class ShippedSettings {
  /** Name of the resolved recipe in the driver's working directory. */
  static final String RECIPE = "spark.instella.recipe";

  private static final Map<String, String> SENT_FOR =
      Map.of(
          "spark.instella.working-folder",
          Location.WORKING_FOLDER,
          "spark.instella.home",
          "instella.home");

  private ShippedSettings() {}

  /** Takes over what was sent; what this process was told itself wins. */
  static void adopt() {
    SENT_FOR.forEach(
        (sent, ours) -> {
          String value = System.getProperty(sent);
          if (value != null && System.getProperty(ours) == null) {
            System.setProperty(ours, value);
          }
        });
  }

  /**
   * The recipe as the launcher resolved it: with includes, options and {@code --set}, so that none
   * of them is to be applied again.
   */
  static Optional<Location> recipe() {
    return Optional.ofNullable(System.getProperty(RECIPE))
        .map(name -> Location.of(Path.of(name).toAbsolutePath()));
  }
}
