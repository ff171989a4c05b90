package org.instella.train.parallel;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** The data connection with another rank, and what it wants to be woken for. */
final class PeerLink {
  static final int HEADER_BYTES = 24;

  /** Bytes under way between two ranks of one machine: few enough to stay in its cache. */
  private static final int LOCAL_BUFFER_BYTES = 1 << 19;

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
    if (sameMachine(channel)) {
      // Between machines the kernel finds better sizes, which depend on the way.
      channel.setOption(StandardSocketOptions.SO_SNDBUF, LOCAL_BUFFER_BYTES);
      channel.setOption(StandardSocketOptions.SO_RCVBUF, LOCAL_BUFFER_BYTES);
    }
    key = channel.register(selector, 0);
  }

  private static boolean sameMachine(SocketChannel channel) throws IOException {
    return channel.getLocalAddress() instanceof InetSocketAddress here
        && channel.getRemoteAddress() instanceof InetSocketAddress there
        && here.getAddress().equals(there.getAddress());
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
