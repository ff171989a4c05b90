package org.instella.jobs.chaos;

/** What happens to the process of a rank. */
public enum Fault {
  /** SIGKILL at whatever moment it is: the process is gone at once. */
  KILL("SIGKILL"),
  /** SIGSTOP: the process stays, its connections too, but it says and does nothing any more. */
  STOP("SIGSTOP"),
  /** SIGKILL as soon as files of an unfinished checkpoint are there. */
  KILL_WHILE_SAVING("SIGKILL during a checkpoint");

  private final String text;

  Fault(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }
}
