package org.instella.train;

import java.util.Optional;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.train.checkpoint.Snapshot;
import org.instella.train.checkpoint.TrainerState;
import org.instella.train.checkpoint.WeightMemory;
import org.instella.train.journal.RunFiles;

/** The model folder that a finished run leaves. It names what it was made from. */
final class FinalModel {
  private final RunParts parts;
  private final Location folder;

  FinalModel(RunParts parts) {
    this.parts = parts;
    this.folder = parts.run.output().resolve(RunFiles.MODEL);
  }

  Location folder() {
    return folder;
  }

  /** Publishes it; one that is there from this very run stays. Rank 0 only. */
  void publish(TrainerState state) {
    Storage storage = parts.run.storage();
    Optional<Manifest> there = Manifest.find(storage, folder);
    if (there.isPresent() && there.get().longFact("step") == state.step()) {
      return;
    }
    // A shorter run ended here before it was extended; its checkpoint still has those weights.
    storage.delete(folder);
    Snapshot.Provenance provenance = parts.provenance;
    try (ModelFolderWriter writer = ModelFolderWriter.staged(storage, folder)) {
      writer.config(provenance.config(), Dtype.F32);
      parts
          .objective
          .parameters()
          .buffer()
          .readOnHost(
              weights ->
                  writer.weights(
                      provenance.config(), Dtype.F32, new WeightMemory(new FlatMemory(weights))));
      provenance.tokenizer().ifPresent(from -> writer.tokenizer(from, provenance.config()));
      writer.publish(manifest -> describe(manifest, state));
    }
  }

  private Manifest.Builder describe(Manifest.Builder manifest, TrainerState state) {
    Snapshot.Provenance provenance = parts.provenance;
    provenance.inputs().forEach(manifest::input);
    return manifest
        .configuration(provenance.recipe())
        .fact("step", state.step())
        .fact("updates", state.updates())
        .fact("loss", state.loss())
        .fact("loss-normalisation", provenance.identity().get("loss.normalisation"))
        .fact("seed", parts.config.seed())
        .fact("tokens", state.samples() * parts.config.sequenceLength())
        .fact("samples-by-source", parts.data.mixture().samplesBySource())
        .fact("skipped-steps", state.skipped());
  }
}
