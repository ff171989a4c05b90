package org.instella.train.parallel;

import java.net.InetSocketAddress;

/**
 * Another rank as this one learned of it in the rendezvous.
 *
 * @param rank its number
 * @param host where it listens
 * @param port where it listens
 * @param secret what a caller must show
 */
record Peer(int rank, String host, int port, long secret) {

  /** What a rank tells the others: {@code host:port:secret}. */
  static String announce(String host, int port, long secret) {
    return host + ":" + port + ":" + Long.toHexString(secret);
  }

  static Peer parse(int rank, String announced) {
    int second = announced.lastIndexOf(':');
    int first = announced.lastIndexOf(':', second - 1);
    if (first < 0) {
      throw new IllegalArgumentException("not host:port:secret: " + announced);
    }
    return new Peer(
        rank,
        announced.substring(0, first),
        Integer.parseInt(announced.substring(first + 1, second)),
        Long.parseUnsignedLong(announced.substring(second + 1), 16));
  }

  InetSocketAddress address() {
    return new InetSocketAddress(host, port);
  }

  @Override
  public String toString() {
    return "rank " + rank + " at " + host + ":" + port;
  }
}
