package org.instella.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.train.parallel.TcpOptions.Transport;
import org.instella.train.parallel.ThreadRanks.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortRangeTest {
  private static final String HOST = Rank.alone().host();

  private static TcpOptions options(PortRange ports) {
    Duration seconds = Duration.ofSeconds(5);
    return new TcpOptions(seconds, seconds, seconds, Transport.AUTO, Optional.empty(), ports);
  }

  private static TcpOptions read(String ports) {
    Settings group = Recipe.parse("ports = \"" + ports + "\"", "test").root();
    TcpOptions options = TcpOptions.from(group);
    group.finish();
    return options;
  }

  /** A listener somewhere, which takes its port. */
  private static ServerSocketChannel taken(int port) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open();
    return listener.bind(new InetSocketAddress(HOST, port));
  }

  private static int port(ServerSocketChannel listener) throws IOException {
    return ((InetSocketAddress) listener.getLocalAddress()).getPort();
  }

  @Test
  void aRangeIsReadAndNoneMeansAny() {
    assertThat(read("40000-40099").ports()).isEqualTo(new PortRange(40000, 40099));
    assertThat(TcpOptions.from(Recipe.parse("", "test").root()).ports()).isEqualTo(PortRange.ANY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"40000", "40099-40000", "80-90", "40000-70000", "a-b", "40000-", ""})
  void whatIsNoRangeIsRefusedWithTheForm(String ports) {
    assertThatThrownBy(() -> read(ports))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("ports")
        .hasMessageContaining("FIRST-LAST, two ports in [1024, 65535]");
  }

  @Test
  void ranksMeetAtPortsOfTheRangeAndPassOverTakenOnes() throws Exception {
    try (ServerSocketChannel other = taken(0)) {
      // Both begin at or behind the taken port; four are enough for two ranks and what else there
      // may be.
      PortRange range = new PortRange(port(other), port(other) + 3);
      List<List<Peer>> met =
          ThreadRanks.run(
              2,
              rank -> {
                Rendezvous.Meeting meeting = Rendezvous.meet(rank, options(range));
                meeting.control().values().forEach(Rendezvous::close);
                meeting.data().values().forEach(Rendezvous::close);
                return meeting.peers();
              });
      assertThat(met.get(0))
          .extracting(peer -> peer.address().getPort())
          .doesNotContain(port(other))
          .allSatisfy(port -> assertThat(port).isBetween(range.first(), range.last()));
    }
  }

  /** Two that want the same port at once can both be bound to it; only one may listen. */
  @Test
  void manyListenersShareARange() throws Exception {
    int first;
    try (ServerSocketChannel free = taken(0)) {
      first = port(free);
    }
    PortRange range = new PortRange(first, Math.min(65535, first + 63));
    List<ServerSocketChannel> listeners = ThreadRanks.run(8, rank -> range.listen(HOST, 0, 1));
    try {
      assertThat(listeners)
          .extracting(listener -> listener.socket().getLocalPort())
          .doesNotHaveDuplicates()
          .allSatisfy(port -> assertThat(port).isBetween(range.first(), range.last()));
    } finally {
      for (ServerSocketChannel listener : listeners) {
        listener.close();
      }
    }
  }

  @Test
  void aRangeWithoutAFreePortIsNamed() throws Exception {
    try (ServerSocketChannel other = taken(0)) {
      PortRange range = new PortRange(port(other), port(other));
      List<Outcome<Object>> outcomes =
          ThreadRanks.outcomes(2, 0, 30, rank -> Rendezvous.meet(rank, options(range)));
      assertThat(outcomes)
          .extracting(Outcome::failure)
          .anySatisfy(
              failure ->
                  assertThat(failure)
                      .isInstanceOf(EnvironmentException.class)
                      .hasMessageContaining(
                          "none of the 1 ports of train.group.ports = %s is free"
                              .formatted(range)));
    }
  }
}
