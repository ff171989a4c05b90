package org.instella.conf.storage;

import java.io.IOException;

/** A stream that can put what it was given on disk before it is closed. */
interface DurableOutput {
  /** Returns when the bytes so far would survive a loss of power, and readers see them. */
  void sync() throws IOException;
}
