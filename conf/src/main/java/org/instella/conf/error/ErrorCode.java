package org.instella.conf.error;

/** The stable name of one kind of failure; each room implements it with an enum. */
public interface ErrorCode {
  /** Upper-case name with underscores, for logs and for tests. */
  String name();
}
