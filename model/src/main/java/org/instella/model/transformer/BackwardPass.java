package org.instella.model.transformer;

import java.util.ArrayList;
import java.util.List;
import org.instella.model.torch.Tensor;
import org.instella.model.torch.TensorScope;
import org.instella.model.torch.TorchProgram;

/**
 * Forward and backward pass of one micro-batch, block by block. The activations of a block live in
 * a scope of their own, which is closed as soon as the block's gradients are written.
 */
final class BackwardPass {
  private final Decoder decoder;
  private final TransformerConfig config;
  private final TorchProgram program;
  private final Tensor weights;
  private final Tensor gradients;
  private final List<TensorSpec> tensors;

  BackwardPass(Decoder decoder, FlatGradients out) {
    this.decoder = decoder;
    this.config = decoder.config();
    this.program = decoder.program();
    this.weights = decoder.weights();
    this.gradients = out.buffer().tensor();
    this.tensors = config.tensors();
    if (!out.config().equals(config)) {
      throw new IllegalArgumentException("the gradients belong to a model of another shape");
    }
  }

  /** What is kept of one block: its input, and its activations unless they are run again. */
  private record Kept(TensorScope scope, Tensor input, List<Tensor> activations) {}

  double run(MicroBatch batch, double scale, GradientsReady ready) {
    try (TensorScope scratch = decoder.scratch()) {
      Tensor tokens = scratch.ofInts(batch.tokens(), batch.batch(), batch.sequence());
      Tensor targets = scratch.ofInts(batch.targets(), batch.targets().length);
      Tensor mask = decoder.mask(batch, scratch);

      List<Kept> blocks = new ArrayList<>();
      Tensor x = program.callWithAutograd("embed", scratch, weights, tokens).get(0);
      for (int layer = 0; layer < config.layers(); layer++) {
        TensorScope scope = scratch.child();
        List<Tensor> results = forward(layer, x, mask, scope);
        Tensor output = results.get(0).moveTo(scratch);
        if (decoder.settings().recomputes(layer)) {
          scope.close();
          blocks.add(new Kept(scratch.child(), x, List.of()));
        } else {
          blocks.add(new Kept(scope, x, results.subList(1, results.size())));
        }
        x = output;
      }

      List<Tensor> head =
          program.callWithAutograd("head_backward", scratch, weights, gradients, x, targets, scale);
      double loss = head.get(0).toDoubles()[0];
      Tensor dy = head.get(1);
      x.close();
      ready.ready(normOffset(), config.tiedEmbeddings() ? normEnd() : config.parameterCount());

      for (int layer = config.layers() - 1; layer >= 0; layer--) {
        Kept block = blocks.get(layer);
        List<Tensor> activations = block.activations();
        if (activations.isEmpty()) {
          List<Tensor> again = forward(layer, block.input(), mask, block.scope());
          activations = again.subList(1, again.size());
        }
        Tensor dx = backward(layer, dy, block.input(), activations, scratch);
        block.scope().close();
        dy.close();
        // The input of block 0 is the embedding; each other one is the output of the block before.
        block.input().close();
        dy = dx;
        ready.ready(blockOffset(layer), blockOffset(layer + 1));
      }
      program.callWithAutograd("embedding_backward", scratch, gradients, tokens, dy);
      ready.ready(0, blockOffset(0));
      return loss;
    }
  }

  private List<Tensor> forward(int layer, Tensor x, Tensor mask, TensorScope scope) {
    return program.callWithAutograd(
        "block_forward", scope, weights, layer, x, decoder.cos(), decoder.sin(), mask);
  }

  private Tensor backward(
      int layer, Tensor dy, Tensor x, List<Tensor> activations, TensorScope scope) {
    return program
        .callWithAutograd(
            "block_backward",
            scope,
            weights,
            gradients,
            layer,
            dy,
            x,
            decoder.cos(),
            decoder.sin(),
            activations)
        .get(0);
  }

  private long blockOffset(int layer) {
    return tensors.get(1 + layer * TransformerConfig.TENSORS_PER_BLOCK).offset();
  }

  private long normOffset() {
    return blockOffset(config.layers());
  }

  private long normEnd() {
    return normOffset() + config.hiddenSize();
  }
}
