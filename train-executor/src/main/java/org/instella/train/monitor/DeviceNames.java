package org.instella.train.monitor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.instella.model.torch.TorchDevice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names of cards as the kernel tells them, without a library of the maker. Cards of one machine are
 * alike in practice; where they are not, {@code monitor.device} says which is meant.
 */
final class DeviceNames {
  private static final Logger log = LoggerFactory.getLogger(DeviceNames.class);
  private static final Path NVIDIA = Path.of("/proc/driver/nvidia/gpus");
  private static final Path AMD = Path.of("/sys/class/drm");

  private DeviceNames() {}

  /** The card's name; empty on a CPU, or where the kernel does not tell. */
  static Optional<String> of(TorchDevice device) {
    if (device.kind() == TorchDevice.Kind.CPU) {
      return Optional.empty();
    }
    List<String> names = new ArrayList<>(nvidia());
    names.addAll(amd());
    return names.isEmpty()
        ? Optional.empty()
        : Optional.of(names.get(Math.min(device.index(), names.size() - 1)));
  }

  private static List<String> nvidia() {
    List<String> names = new ArrayList<>();
    for (Path card : folders(NVIDIA)) {
      text(card.resolve("information"))
          .lines()
          .filter(line -> line.startsWith("Model:"))
          .findFirst()
          .ifPresent(line -> names.add(line.substring("Model:".length()).strip()));
    }
    return names;
  }

  private static List<String> amd() {
    List<String> names = new ArrayList<>();
    for (Path card : folders(AMD)) {
      String name = text(card.resolve("device/product_name")).strip();
      if (!name.isEmpty() && !card.getFileName().toString().contains("-")) {
        names.add(name);
      }
    }
    return names;
  }

  private static List<Path> folders(Path parent) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(parent)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent)) {
        entries.forEach(found::add);
      } catch (IOException e) {
        log.debug("cannot list {}", parent, e);
      }
    }
    Collections.sort(found);
    return found;
  }

  private static String text(Path file) {
    try {
      return Files.isReadable(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      log.debug("cannot read {}", file, e);
      return "";
    }
  }
}
