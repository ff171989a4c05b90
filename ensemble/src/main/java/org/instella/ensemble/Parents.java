package org.instella.ensemble;

/** How the files of the models are best read. */
public enum Parents {
  /** Somebody reads them again soon: they are left in the system's page cache. */
  READ_AGAIN,
  /** A merge by itself: what is not in the page cache is read past it, where once is enough. */
  READ_ONCE
}
