package org.instella.train.parallel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** The data connection with another rank, and what it wants to be woken for. */
final class PeerLink {
  static final int HEADER_BYTES = 24;

  private final Peer peer;
  private final SocketChannel channel;
  private final SelectionKey key;
  private final ByteBuffer outHeader = direct(HEADER_BYTES);
  private final ByteBuffer inHeader = direct(HEADER_BYTES);
  private int interest;

  PeerLink(Peer peer, SocketChannel channel, Selector selector) throws IOException {
    this.peer = peer;
    this.channel = channel;
    channel.configureBlocking(false);
    key = channel.register(selector, 0);
  }

  static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  Peer peer() {
    return peer;
  }

  ByteBuffer outHeader() {
    return outHeader.clear();
  }

  ByteBuffer inHeader() {
    return inHeader.clear();
  }

  /** Writes what the socket takes at once; 0 if it is full. */
  int write(ByteBuffer buffer) throws IOException {
    return channel.write(buffer);
  }

  /** Reads what has arrived; 0 if nothing. */
  int read(ByteBuffer buffer) throws IOException {
    int count = channel.read(buffer);
    if (count < 0) {
      throw new IOException("connection closed");
    }
    return count;
  }

  void want(int operations) {
    interest |= operations;
    key.interestOps(interest);
  }

  void wantNothing() {
    interest = 0;
    key.interestOps(0);
  }

  void close() throws IOException {
    channel.close();
  }
}
