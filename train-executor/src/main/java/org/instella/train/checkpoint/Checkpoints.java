package org.instella.train.checkpoint;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one run, side by side in its output folder: {@code step-0000100}, {@code
 * step-0000200}.
 *
 * <p>A checkpoint exists when its manifest does. Folders under way are called {@code
 * ._staging-step-...} and removed by the next attempt; checkpoints found damaged are set aside as
 * {@code ._damaged-step-...}.
 */
public final class Checkpoints {
  private static final Logger log = LoggerFactory.getLogger(Checkpoints.class);
  private static final Pattern NAME = Pattern.compile("step-([0-9]{7,})");
  private static final String STAGING = "._staging-";
  private static final String DAMAGED = "._damaged-";

  private final Storage storage;
  private final Location output;

  public Checkpoints(Storage storage, Location output) {
    this.storage = storage;
    this.output = output;
  }

  /** A published checkpoint. */
  public record Found(long step, Location folder) {}

  /** Where the checkpoint of a step is, or would be. */
  public Location of(long step) {
    return output.resolve("step-%07d".formatted(step));
  }

  /** Where all ranks of a generation gather the bytes of a checkpoint. */
  Location staging(long step, int generation) {
    return output.resolve("%sstep-%07d-g%d".formatted(STAGING, step, generation));
  }

  /** All published checkpoints, the newest first. */
  public List<Found> newestFirst() {
    List<Found> found = new ArrayList<>();
    if (!storage.exists(output)) {
      return found;
    }
    for (FileEntry entry : storage.list(output)) {
      OptionalLong step = step(entry.location());
      if (entry.folder()
          && step.isPresent()
          && storage.exists(entry.location().resolve(Manifest.FILE_NAME))) {
        found.add(new Found(step.getAsLong(), entry.location()));
      }
    }
    found.sort(Comparator.comparingLong(Found::step).reversed());
    return found;
  }

  private static OptionalLong step(Location folder) {
    Matcher matcher = NAME.matcher(folder.name());
    return matcher.matches()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /**
   * Removes what attempts that are over have left half written. Only rank 0, before anybody writes.
   */
  public void removeLeftovers() {
    if (!storage.exists(output)) {
      return;
    }
    for (FileEntry entry : storage.list(output)) {
      if (entry.location().name().startsWith(STAGING)) {
        storage.delete(entry.location());
        log.info("leftover removed folder={}", entry.location());
      }
    }
  }

  /**
   * Takes a damaged checkpoint out of the way, so that its step can be saved again; keeps its
   * bytes.
   */
  public void setAside(Found damaged, int generation) {
    Location aside =
        output.resolve("%s%s-g%d".formatted(DAMAGED, damaged.folder().name(), generation));
    storage.delete(aside);
    storage.publish(damaged.folder(), aside);
    log.warn("checkpoint set aside step={} folder={}", damaged.step(), aside);
  }

  /**
   * Which checkpoints stay.
   *
   * @param keep how many of the newest, at least 1
   * @param keepEvery checkpoints whose step is a multiple of this stay for ever; 0 for none
   */
  public record Retention(int keep, long keepEvery) {}

  /**
   * Removes what need not stay; the newest always does. Only rank 0, after a checkpoint was
   * published.
   */
  public void retain(Retention retention) {
    List<Found> all = newestFirst();
    for (Found old : all.subList(Math.min(retention.keep(), all.size()), all.size())) {
      if (retention.keepEvery() == 0 || old.step() % retention.keepEvery() != 0) {
        // The manifest goes first: what is half removed is no checkpoint.
        storage.delete(old.folder().resolve(Manifest.FILE_NAME));
        storage.delete(old.folder());
      }
    }
  }
}
