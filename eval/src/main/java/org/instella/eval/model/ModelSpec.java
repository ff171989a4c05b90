package org.instella.eval.model;

import java.io.Serializable;
import java.util.Optional;
import org.instella.conf.storage.Location;
import org.instella.eval.request.PairRule;

/**
 * Names a model to evaluate: what is shipped to executors, which open it there.
 *
 * @param name for tables and result files
 * @param folder a model folder
 * @param tokenizer a {@code tokenizer.json}, for a model folder without one
 * @param rule how pairs are tokenised
 * @param maxLength tokens read at once, 0 for what the model allows
 * @param device {@code cpu}, {@code gpu} or {@code gpu:N}
 * @param threads of libtorch; part of the numbers, since they change the order of sums
 */
public record ModelSpec(
    String name,
    Location folder,
    Location tokenizer,
    PairRule rule,
    int maxLength,
    String device,
    int threads)
    implements Serializable {

  /** A model folder with its own tokenizer, in full length on the CPU. */
  public static ModelSpec of(String name, Location folder, int threads) {
    return new ModelSpec(name, folder, folder, PairRule.LME_0_4_3, 0, "cpu", threads);
  }

  /** The same model with another tokenizer, if one is given. */
  public ModelSpec withTokenizer(Optional<Location> other) {
    return new ModelSpec(name, folder, other.orElse(tokenizer), rule, maxLength, device, threads);
  }

  /** Another model asked in the same way; a tokenizer that was named apart stays. */
  public ModelSpec of(String other, Location otherFolder) {
    Location file = tokenizer.equals(folder) ? otherFolder : tokenizer;
    return new ModelSpec(other, otherFolder, file, rule, maxLength, device, threads);
  }

  /** The same model under another rule for pairs. */
  public ModelSpec withRule(PairRule other) {
    return new ModelSpec(name, folder, tokenizer, other, maxLength, device, threads);
  }

  /** The same model on another device. */
  public ModelSpec withDevice(String other) {
    return new ModelSpec(name, folder, tokenizer, rule, maxLength, other, threads);
  }
}
