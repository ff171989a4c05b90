/**
 * The Instella decoder: its shape ({@link org.instella.model.transformer.TransformerConfig}), its
 * weights as one flat buffer with named views, its forward and backward pass, and the kernels of
 * the optimiser. Mathematics lives in the program texts under {@code
 * src/main/resources/org/instella/model/torch}; Java here owns memory and order.
 *
 * <p>Start reading at {@link org.instella.model.transformer.TransformerConfig}. No file formats
 * here (see {@code model.checkpoint}) and no knowledge of how DJL is called (see {@code
 * model.torch}).
 */
package org.instella.model.transformer;
