package org.instella.train.parallel;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.instella.conf.error.EnvironmentException;
import org.instella.train.parallel.Handshake.Answer;
import org.instella.train.parallel.Handshake.Channel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the ranks of a generation connect: each listens, all learn all addresses through {@link
 * Rank#allGather}, and of two ranks the higher one calls the lower.
 *
 * <p>Rank 0 calls nobody and answers everybody, rank 1 is answered by it and then answers the rest,
 * and so on: no two ranks wait for each other, so no thread is needed. Everyone shares a control
 * connection with everyone, and a data connection with its partners in the reduction tree and its
 * neighbours in the ring.
 */
final class Rendezvous {
  private static final Logger log = LoggerFactory.getLogger(Rendezvous.class);
  private static final SecureRandom SECRETS = new SecureRandom();

  private final Rank rank;
  private final PortRange ports;
  private final long deadline;
  private final long secret = SECRETS.nextLong();
  private final List<Peer> peers = new ArrayList<>();
  private final Map<Channel, TreeMap<Integer, SocketChannel>> connections =
      new EnumMap<>(Channel.class);

  private Rendezvous(Rank rank, TcpOptions options) {
    this.rank = rank;
    this.ports = options.ports();
    this.deadline = System.nanoTime() + options.join().toNanos();
    for (Channel channel : Channel.values()) {
      connections.put(channel, new TreeMap<>());
    }
  }

  /**
   * The connections of one rank, in blocking mode; peers in the order of ranks, this one included.
   */
  record Meeting(
      List<Peer> peers,
      TreeMap<Integer, SocketChannel> control,
      TreeMap<Integer, SocketChannel> data) {}

  /**
   * Whether two ranks exchange tensors directly: their numbers differ in one bit (partners in the
   * tree), or they are neighbours in the ring.
   */
  static boolean partners(int a, int b, int count) {
    int distance = Math.abs(a - b);
    return Integer.bitCount(a ^ b) == 1 || distance == 1 || distance == count - 1;
  }

  /**
   * Connects this rank with all others.
   *
   * @throws EnvironmentException if a rank cannot be reached in time, or belongs to another
   *     generation
   */
  static Meeting meet(Rank rank, TcpOptions options) {
    Rendezvous rendezvous = new Rendezvous(rank, options);
    try (ServerSocketChannel listener = rendezvous.listen()) {
      rendezvous.learnAddresses(listener);
      rendezvous.callLowerRanks();
      rendezvous.answerHigherRanks(listener.socket());
    } catch (IOException e) {
      rendezvous.hangUp();
      throw new EnvironmentException(
          ParallelError.RENDEZVOUS_FAILED,
          "Rank %d of %d cannot open its listener at %s: %s; check the address and the firewall"
              .formatted(rank.index(), rank.count(), rank.host(), e.getMessage()),
          e);
    } catch (RuntimeException e) {
      rendezvous.hangUp();
      throw e;
    }
    return new Meeting(
        List.copyOf(rendezvous.peers),
        rendezvous.connections.get(Channel.CONTROL),
        rendezvous.connections.get(Channel.DATA));
  }

  private ServerSocketChannel listen() throws IOException {
    // Callers wait in the backlog until this rank has made its own calls.
    return ports.listen(rank.host(), rank.index(), 2 * rank.count() + 16);
  }

  private void learnAddresses(ServerSocketChannel listener) throws IOException {
    int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
    List<String> announced = rank.allGather(Peer.announce(rank.host(), port, secret));
    for (int i = 0; i < announced.size(); i++) {
      peers.add(Peer.parse(i, announced.get(i)));
    }
  }

  private void callLowerRanks() {
    for (Peer peer : peers.subList(0, rank.index())) {
      connections.get(Channel.CONTROL).put(peer.rank(), call(peer, Channel.CONTROL));
      if (partners(peer.rank(), rank.index(), rank.count())) {
        connections.get(Channel.DATA).put(peer.rank(), call(peer, Channel.DATA));
      }
    }
  }

  private SocketChannel call(Peer peer, Channel channel) {
    SocketChannel connection = null;
    try {
      connection = SocketChannel.open();
      Socket socket = connection.socket();
      socket.connect(peer.address(), remainingMillis());
      connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.setSoTimeout(remainingMillis());
      new Handshake(rank.generation(), peer.secret(), rank.count(), rank.index(), channel)
          .writeTo(socket.getOutputStream());
      DataInputStream reply = new DataInputStream(socket.getInputStream());
      Answer answer = Answer.values()[reply.readByte()];
      int theirs = reply.readInt();
      if (answer != Answer.WELCOME) {
        throw new EnvironmentException(
            answer == Answer.WRONG_GENERATION
                ? ParallelError.GENERATION_REFUSED
                : ParallelError.RENDEZVOUS_FAILED,
            "%s refuses rank %d: %s (generation %d here, %d there); this attempt is over, the driver starts the next"
                .formatted(peer, rank.index(), answer, rank.generation(), theirs));
      }
      return connection;
    } catch (IOException e) {
      close(connection);
      throw new EnvironmentException(
          ParallelError.RENDEZVOUS_FAILED,
          "Rank %d cannot reach %s: %s; check that ports between the executors are open"
              .formatted(rank.index(), peer, e.getMessage()),
          e);
    } catch (RuntimeException e) {
      close(connection);
      throw e;
    }
  }

  private void answerHigherRanks(ServerSocket listener) throws IOException {
    while (!missing().isEmpty()) {
      listener.setSoTimeout(remainingMillis());
      Socket socket;
      try {
        socket = listener.accept();
      } catch (SocketTimeoutException e) {
        throw new EnvironmentException(
            ParallelError.RENDEZVOUS_FAILED,
            "Rank %d waited in vain for ranks %s; they did not start or cannot reach %s"
                .formatted(rank.index(), missing(), peers.get(rank.index())),
            e);
      }
      answer(socket);
    }
  }

  /** A caller that is not one of ours costs at most two seconds and never ends the meeting. */
  private void answer(Socket socket) {
    try {
      socket.setSoTimeout(Math.min(2000, remainingMillis()));
      Handshake caller = Handshake.readFrom(socket.getInputStream());
      Answer answer = caller.judge(rank.generation(), secret, rank.count());
      Handshake.writeAnswer(socket.getOutputStream(), answer, rank.generation());
      boolean expected = caller.rank() > rank.index() && caller.rank() < rank.count();
      if (answer == Answer.WELCOME && expected) {
        SocketChannel connection = socket.getChannel();
        connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
        close(connections.get(caller.channel()).put(caller.rank(), connection));
        return;
      }
      log.warn(
          "caller refused rank={} generation={} answer={} own-generation={}",
          caller.rank(),
          caller.generation(),
          answer,
          rank.generation());
    } catch (IOException e) {
      log.warn("caller refused from={} reason={}", socket.getRemoteSocketAddress(), e.getMessage());
    }
    close(socket.getChannel());
  }

  private TreeSet<Integer> missing() {
    TreeSet<Integer> missing = new TreeSet<>();
    for (int other = rank.index() + 1; other < rank.count(); other++) {
      boolean control = connections.get(Channel.CONTROL).containsKey(other);
      boolean data = connections.get(Channel.DATA).containsKey(other);
      if (!control || (partners(other, rank.index(), rank.count()) && !data)) {
        missing.add(other);
      }
    }
    return missing;
  }

  private int remainingMillis() {
    // 0 would mean "for ever" to a socket.
    return (int) Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
  }

  private void hangUp() {
    connections.values().forEach(channels -> channels.values().forEach(Rendezvous::close));
  }

  static void close(SocketChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        log.debug("connection did not close cleanly reason={}", e.getMessage());
      }
    }
  }
}
