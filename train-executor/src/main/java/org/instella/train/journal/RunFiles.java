package org.instella.train.journal;

/** Names of what lies in a run's output folder beside its checkpoints. */
public final class RunFiles {
  /** A line for each logged step: what an operator plots. */
  public static final String METRICS = "metrics.jsonl";

  /** A line for each step: which samples it used. */
  public static final String LEDGER = "ledger.jsonl";

  /** A line for each step that stands out, with the documents behind it. */
  public static final String INCIDENTS = "incidents.jsonl";

  /** Attempts and where their time went, kept by the driver. */
  public static final String JOURNAL = "journal.jsonl";

  /** Folder of TensorBoard event files. */
  public static final String TENSORBOARD = "tensorboard";

  /** The final model folder. */
  public static final String MODEL = "model";

  private RunFiles() {}
}
