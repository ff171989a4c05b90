/**
 * The engine: TorchScript programs through DJL, tensors and flat buffers in native memory.
 *
 * <p>The only package that imports {@code ai.djl}. Start at {@link
 * org.instella.model.torch.TorchProgram}; the program texts are resources beside it. Nothing here
 * knows what a transformer is.
 *
 * <p><b>Native memory.</b> A {@link org.instella.model.torch.TensorScope} owns the tensors made in
 * it and frees them when it is closed; a {@link org.instella.model.torch.FlatBuffer} owns itself.
 * Nothing is freed by the garbage collector: close what you open.
 */
package org.instella.model.torch;
