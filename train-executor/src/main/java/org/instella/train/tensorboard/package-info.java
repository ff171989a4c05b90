/**
 * TensorBoard event files, written without its libraries: records framed as TFRecord, events in the
 * few protobuf fields that scalars need. Start at {@link org.instella.train.tensorboard.EventFile}.
 */
package org.instella.train.tensorboard;
