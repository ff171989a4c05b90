package org.instella.ensemble.method;

import org.instella.model.checkpoint.Bfloat16;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.Float16;

/**
 * The mean exactly as the published Instella script computes it (scripts/merge_ckpts.py): starting
 * from zero, models are added in order in the stored type, then divided by their number. In float32
 * and the 16-bit types this rounds after every step, so it differs from {@link LinearMerge#mean} in
 * the last bit here and there.
 */
public record ReferenceMean() implements MergeMethod {
  @Override
  public BlockMerge prepare(TensorValues tensor) {
    Dtype dtype = tensor.dtype();
    return (block, merged) -> {
      int models = block.models().length;
      for (int i = 0; i < block.count(); i++) {
        double sum = 0; // 0 + -0.0 is 0.0, in the script too
        for (double[] model : block.models()) {
          sum = rounded(sum + model[i], dtype);
        }
        merged[i] = rounded(sum / models, dtype);
      }
    };
  }

  /**
   * One step in the stored type. For 16-bit types PyTorch computes in float32 and rounds once more;
   * a sum or quotient of two float32 rounded from float64 is the float32 one (float64 has more than
   * twice its digits).
   */
  private static double rounded(double value, Dtype dtype) {
    return switch (dtype) {
      case F32 -> (float) value;
      case BF16 -> Bfloat16.toFloat(Bfloat16.of((float) value));
      case F16 -> Float16.toFloat(Float16.of((float) value));
      default -> value;
    };
  }
}
