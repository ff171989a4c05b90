package org.instella.conf.error;

/** Who has to act on an error; picks the exit code of the process. */
public enum ErrorCategory {
  /** The recipe or the command line is wrong: fix it. */
  CONFIG(2),
  /** An input is wrong or damaged: fix or replace it. */
  DATA(3),
  /** The machine, network, disk or cluster failed: run again, or give it what it lacks. */
  ENVIRONMENT(4),
  /** Asked to stop; everything done so far is saved and the same command goes on. */
  STOPPED(5),
  /** Our mistake: tell us. */
  BUG(70);

  private final int exitCode;

  ErrorCategory(int exitCode) {
    this.exitCode = exitCode;
  }

  /** Exit code of a process that ends with an error of this category. */
  public int exitCode() {
    return exitCode;
  }
}
