package org.instella.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.TokenizerFiles;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.checkpoint.TrainerState;
import org.instella.train.parallel.Rank;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where an attempt starts: at the newest sound checkpoint of its own run, else where the recipe
 * says.
 *
 * @param model shape of the network
 * @param weights folder with the weights; empty: fresh ones
 * @param moments checkpoint with the moments; empty: zeros
 * @param tokenizer file or folder that goes into model folders
 * @param state step and counts to go on from
 * @param parents digests of what the run started from, by name
 */
record StartingPoint(
    TransformerConfig model,
    Optional<Location> weights,
    Optional<CheckpointReader> moments,
    Optional<Location> tokenizer,
    TrainerState state,
    SortedMap<String, String> parents) {
  private static final Logger log = LoggerFactory.getLogger(StartingPoint.class);

  /** Where the recipe says that a run starts which has no checkpoint yet. */
  static StartingPoint ofRecipe(Storage storage, TrainConfig config) {
    StartConfig start = config.start();
    SortedMap<String, String> parents = new TreeMap<>();
    Optional<Location> tokenizer = config.tokenizer();
    tokenizer.ifPresent(file -> parents.put("tokenizer", tokenizerDigest(storage, file)));
    return switch (start.from()) {
      case INITIALISE ->
          new StartingPoint(
              config.model().orElseThrow(),
              Optional.empty(),
              Optional.empty(),
              tokenizer,
              TrainerState.fresh(),
              parents);
      case MODEL -> {
        Location folder = start.path().orElseThrow();
        parents.put("start", folderDigest(storage, folder));
        yield new StartingPoint(
            shape(storage, folder),
            Optional.of(folder),
            Optional.empty(),
            tokenizer.or(() -> tokenizerIn(storage, folder)),
            TrainerState.fresh(),
            parents);
      }
      case CHECKPOINT -> {
        CheckpointReader parent = CheckpointReader.open(storage, start.path().orElseThrow());
        parents.put("start", parent.digest());
        boolean keepMoments = start.optimizer() == StartConfig.State.KEEP;
        boolean keepStep = start.trainer() == StartConfig.State.KEEP;
        TrainerState old = parent.state();
        yield new StartingPoint(
            parent.config(),
            Optional.of(parent.folder()),
            keepMoments ? Optional.of(parent) : Optional.empty(),
            tokenizer.or(() -> tokenizerIn(storage, parent.folder())),
            new TrainerState(
                keepStep ? old.step() : 0,
                keepMoments ? old.updates() : 0,
                keepStep ? old.samples() : 0,
                keepStep ? old.loss() : 0,
                List.of(),
                OptionalDouble.empty()),
            parents);
      }
    };
  }

  /**
   * The newest checkpoint of this run that is whole, found by all ranks together: each reads a
   * share of the files again. A damaged one is named, set aside, and the one before it is tried; so
   * are those that a roll-back has left behind.
   */
  static Optional<CheckpointReader> newest(TrainRun run, RollBacks rollBacks) {
    Storage storage = run.storage();
    Rank rank = run.rank();
    Checkpoints checkpoints = new Checkpoints(storage, run.output());
    if (rank.first()) {
      checkpoints.removeLeftovers();
      rollBacks.leaveBehind(storage, checkpoints, rank.generation());
    }
    if (!rollBacks.all().isEmpty()) {
      rank.barrier(); // nobody sees what is being set aside
    }
    while (true) {
      Optional<Checkpoints.Found> agreed = agree(rank, checkpoints.newestFirst());
      if (agreed.isEmpty()) {
        return Optional.empty();
      }
      Checkpoints.Found found = agreed.get();
      Optional<String> damage = damage(rank, storage, found);
      if (damage.isEmpty()) {
        return Optional.of(CheckpointReader.open(storage, found.folder()));
      }
      log.warn("checkpoint damaged step={} reason={}", found.step(), damage.get());
      if (rank.first()) {
        checkpoints.setAside(found, rank.generation(), Checkpoints.Aside.DAMAGED);
      }
      rank.barrier();
    }
  }

  /** The newest checkpoint that every rank sees. */
  private static Optional<Checkpoints.Found> agree(Rank rank, List<Checkpoints.Found> seen) {
    String own = seen.isEmpty() ? "none" : Long.toString(seen.get(0).step());
    long least = Long.MAX_VALUE;
    for (String newest : rank.allGather(own)) {
      if (newest.equals("none")) {
        return Optional.empty();
      }
      least = Math.min(least, Long.parseLong(newest));
    }
    long step = least;
    return seen.stream().filter(found -> found.step() <= step).findFirst();
  }

  private static Optional<String> damage(Rank rank, Storage storage, Checkpoints.Found found) {
    String own = "";
    try {
      CheckpointReader.open(storage, found.folder()).verify(rank.index(), rank.count());
    } catch (DataException e) {
      own = e.getMessage();
    }
    return rank.allGather(own).stream().filter(reason -> !reason.isEmpty()).findFirst();
  }

  /** The same start, but at a checkpoint of the run itself. */
  StartingPoint at(CheckpointReader own) {
    return new StartingPoint(
        own.config(), Optional.of(own.folder()), Optional.of(own), tokenizer, own.state(), parents);
  }

  private static TransformerConfig shape(Storage storage, Location folder) {
    try (ModelFolder model = ModelFolder.open(storage, folder)) {
      return model.transformerConfig();
    }
  }

  private static Optional<Location> tokenizerIn(Storage storage, Location folder) {
    return storage.exists(folder.resolve(TokenizerFiles.TOKENIZER))
        ? Optional.of(folder)
        : Optional.empty();
  }

  private static String tokenizerDigest(Storage storage, Location fileOrFolder) {
    Location file =
        storage.stat(fileOrFolder).folder()
            ? fileOrFolder.resolve(TokenizerFiles.TOKENIZER)
            : fileOrFolder;
    return Digests.sha256(storage, file);
  }

  /** The manifest's digest, or for folders of other tools that of all files. */
  private static String folderDigest(Storage storage, Location folder) {
    Optional<Manifest> manifest = Manifest.find(storage, folder);
    if (manifest.isPresent()) {
      return manifest.get().digest();
    }
    List<String> digests = new ArrayList<>();
    storage
        .list(folder)
        .forEach(
            entry -> {
              if (!entry.folder()) {
                digests.add(
                    entry.location().name() + " " + Digests.sha256(storage, entry.location()));
              }
            });
    return Digests.sha256(String.join("\n", digests));
  }
}
