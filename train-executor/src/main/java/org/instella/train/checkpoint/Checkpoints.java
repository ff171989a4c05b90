package org.instella.train.checkpoint;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
 * ._staging-step-...} and removed by the next attempt, and so are folders whose removal a crash cut
 * short; checkpoints found damaged are set aside as {@code ._damaged-step-...}, those that a
 * roll-back leaves behind as {@code ._left-behind-step-...}.
 */
public final class Checkpoints {
  private static final Logger log = LoggerFactory.getLogger(Checkpoints.class);
  private static final Pattern NAME = Pattern.compile("step-([0-9]{7,})");
  private static final String STAGING = "._staging-";

  /** Fact of a checkpoint's manifest: the loss by which the best is chosen. */
  static final String HELD_OUT_LOSS = "held-out-loss";

  private final Storage storage;
  private final Location output;

  public Checkpoints(Storage storage, Location output) {
    this.storage = storage;
    this.output = output;
  }

  /** Why a checkpoint was taken out of the way; the name of its folder says so. */
  public enum Aside {
    /** Its bytes are not those of its manifest. */
    DAMAGED,
    /** The run has rolled back behind it. */
    LEFT_BEHIND;

    private String prefix() {
      return "._" + name().toLowerCase(Locale.ROOT).replace('_', '-') + "-";
    }
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
      boolean halfRemoved =
          step(entry.location()).isPresent()
              && !storage.exists(entry.location().resolve(Manifest.FILE_NAME));
      if (halfRemoved || entry.location().name().startsWith(STAGING)) {
        storage.delete(entry.location());
        log.info("leftover removed folder={}", entry.location());
      }
    }
  }

  /** Takes a checkpoint out of the way, so that its step can be saved again; keeps its bytes. */
  public void setAside(Found found, int generation, Aside why) {
    Location aside =
        output.resolve("%s%s-g%d".formatted(why.prefix(), found.folder().name(), generation));
    storage.delete(aside);
    storage.publish(found.folder(), aside);
    log.warn("checkpoint set aside step={} why={} folder={}", found.step(), why, aside);
  }

  /**
   * Which checkpoints stay.
   *
   * @param keep how many of the newest, at least 1
   * @param keepEvery checkpoints whose step is a multiple of this stay for ever; 0 for none
   * @param best so many with the least loss on held-out data stay; of equal ones the newer
   */
  public record Retention(int keep, long keepEvery, int best) {}

  /**
   * Removes what need not stay; the newest always does. Only rank 0, after a checkpoint was
   * published.
   */
  public void retain(Retention retention) {
    List<Found> all = newestFirst();
    List<Found> best = best(all, retention.best());
    for (Found old : all.subList(Math.min(retention.keep(), all.size()), all.size())) {
      boolean multiple = retention.keepEvery() > 0 && old.step() % retention.keepEvery() == 0;
      if (!multiple && !best.contains(old)) {
        // The manifest goes first: what is half removed is no checkpoint.
        storage.delete(old.folder().resolve(Manifest.FILE_NAME));
        storage.delete(old.folder());
      }
    }
  }

  /** Checkpoints with a loss on held-out data, the least first, {@code count} at most. */
  public List<Found> best(int count) {
    return best(newestFirst(), count);
  }

  private List<Found> best(List<Found> newestFirst, int count) {
    if (count == 0) {
      return List.of();
    }
    Map<Found, Double> losses = new LinkedHashMap<>();
    for (Found found : newestFirst) {
      Manifest manifest = Manifest.read(storage, found.folder());
      if (manifest.facts().get(HELD_OUT_LOSS) instanceof Number loss) {
        losses.put(found, loss.doubleValue());
      }
    }
    return losses.entrySet().stream()
        .filter(entry -> Double.isFinite(entry.getValue()))
        .sorted(Map.Entry.comparingByValue()) // stable: of equal ones the newer
        .limit(count)
        .map(Map.Entry::getKey)
        .toList();
  }
}
