package org.instella.train.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.train.parallel.Rank;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one rank's part of checkpoints, and on rank 0 commits them.
 *
 * <p>Order of a checkpoint: every rank writes its part into the staging folder of this generation;
 * when all have, rank 0 writes the manifest and renames the folder. The rename is the commit: a
 * crash before it leaves the older checkpoints as they were. That all ranks have written is agreed
 * by the trainer, between {@link #writePart} and {@link #commit}.
 */
public final class CheckpointWriter {
  private static final Logger log = LoggerFactory.getLogger(CheckpointWriter.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RECEIPT = ".receipt.json";

  private final Storage storage;
  private final Checkpoints checkpoints;
  private final Rank rank;
  private final Snapshot.Provenance provenance;
  private List<FileDigest> modelFiles = List.of();

  public CheckpointWriter(
      Storage storage, Location output, Rank rank, Snapshot.Provenance provenance) {
    this.storage = storage;
    this.checkpoints = new Checkpoints(storage, output);
    this.rank = rank;
    this.provenance = provenance;
  }

  /**
   * Writes this rank's files: its moments, and on rank 0 the model and the state.
   *
   * @throws org.instella.conf.error.EnvironmentException if the disk is full or the storage fails
   */
  public void writePart(Snapshot snapshot) {
    Location staging = checkpoints.staging(snapshot.state().step(), rank.generation());
    String name = OptimizerFile.name(rank.index(), rank.count());
    FileDigest written = OptimizerFile.write(storage, staging, name, snapshot);
    if (rank.first()) {
      ModelFolderWriter model = ModelFolderWriter.into(storage, staging);
      model.config(provenance.config(), Dtype.F32);
      model.weights(provenance.config(), Dtype.F32, new WeightMemory(snapshot.weights()));
      provenance.tokenizer().ifPresent(from -> model.tokenizer(from, provenance.config()));
      model.text(CheckpointReader.STATE, snapshot.state().toJson());
      modelFiles = model.files();
    }
    storage.writeText(staging.resolve(name + RECEIPT), receipt(written));
  }

  /**
   * Publishes the checkpoint of a step that every rank has written. Rank 0 only.
   *
   * @return where it is now
   */
  public Location commit(TrainerState state) {
    Location staging = checkpoints.staging(state.step(), rank.generation());
    Manifest.Builder manifest =
        Manifest.builder(CheckpointReader.KIND, CheckpointReader.FORMAT_VERSION)
            .configuration(provenance.recipe())
            .fact("step", state.step())
            .fact("ranks", rank.count())
            .fact("identity", new TreeMap<>(provenance.identity()))
            .fact("parameters", provenance.config().parameterCount());
    state.heldOutLoss().ifPresent(loss -> manifest.fact(Checkpoints.HELD_OUT_LOSS, loss));
    provenance.inputs().forEach(manifest::input);
    modelFiles.forEach(manifest::file);
    for (FileDigest part : receipts(staging)) {
      manifest.file(part);
    }
    Manifest made = manifest.build();
    made.writeTo(storage, staging);
    Location published = checkpoints.of(state.step());
    if (alreadyThere(made, published)) {
      storage.delete(staging);
      return published;
    }
    storage.publish(staging, published);
    log.info("checkpoint published step={} folder={}", state.step(), published);
    return published;
  }

  /**
   * Whether a rank 0 of an older generation, thought dead, has published this very checkpoint:
   * training is exact, so its bytes are ours. Another one is set aside.
   */
  private boolean alreadyThere(Manifest made, Location published) {
    Optional<Manifest> other = Manifest.find(storage, published);
    if (other.isEmpty()) {
      return false;
    }
    if (other.get().digest().equals(made.digest())) {
      return true;
    }
    long step = made.longFact("step");
    checkpoints.setAside(
        new Checkpoints.Found(step, published), rank.generation(), Checkpoints.Aside.DAMAGED);
    return false;
  }

  /** What every rank says it wrote; the receipts do not stay. */
  private List<FileDigest> receipts(Location staging) {
    List<FileDigest> parts = new ArrayList<>();
    for (int i = 0; i < rank.count(); i++) {
      Location file = staging.resolve(OptimizerFile.name(i, rank.count()) + RECEIPT);
      try {
        JsonNode receipt = JSON.readTree(storage.readText(file));
        parts.add(
            new FileDigest(
                receipt.get("name").asText(),
                receipt.get("bytes").asLong(),
                receipt.get("sha256").asText()));
      } catch (JsonProcessingException e) {
        throw new DataException(
            CheckpointError.CHECKPOINT_INCOMPLETE,
            "%s is no receipt of a rank: %s".formatted(file, e.getMessage()),
            e);
      }
      storage.delete(file);
    }
    return parts;
  }

  private static String receipt(FileDigest written) {
    try {
      return JSON.writeValueAsString(
          Map.of("name", written.name(), "bytes", written.bytes(), "sha256", written.sha256()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
