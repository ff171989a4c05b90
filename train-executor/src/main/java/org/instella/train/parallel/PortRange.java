package org.instella.train.parallel;

import java.io.IOException;
import java.io.Serializable;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.conf.settings.Settings;

/**
 * Ports at which ranks may listen, for networks that let only some through.
 *
 * @param first lowest port
 * @param last highest port, also allowed
 */
public record PortRange(int first, int last) implements Serializable {
  private static final String KEY = "ports";
  private static final Pattern FORM = Pattern.compile("(\\d{1,5})-(\\d{1,5})");
  private static final int LOWEST = 1024;
  private static final int HIGHEST = 65535;

  /** Whatever the system gives. */
  public static final PortRange ANY = new PortRange(0, 0);

  /** Reads the key {@code ports} of a section {@code group}. */
  static PortRange from(Settings group) {
    Optional<String> text =
        group
            .text(KEY, "ports at which ranks may listen, such as 40000-40099; any if not given")
            .optional();
    if (text.isEmpty()) {
      return ANY;
    }
    Matcher range = FORM.matcher(text.get().strip());
    if (range.matches()) {
      int first = Integer.parseInt(range.group(1));
      int last = Integer.parseInt(range.group(2));
      if (LOWEST <= first && first <= last && last <= HIGHEST) {
        return new PortRange(first, last);
      }
    }
    group.problem(
        KEY,
        "must be FIRST-LAST, two ports in [%d, %d], the lower one first"
            .formatted(LOWEST, HIGHEST));
    return ANY;
  }

  private int size() {
    return last - first + 1;
  }

  /**
   * A listener at the first free port; the caller closes it.
   *
   * @param start ranks of one machine begin at different places, so that they rarely meet
   * @throws BindException if all are taken
   */
  ServerSocketChannel listen(String host, int start, int backlog) throws IOException {
    for (int i = 0; i < size(); i++) {
      int port = first + (start + i) % size();
      // A new channel for every port: two ranks can be bound to one port, of which only the first
      // may listen, and the channel of the other is of no further use.
      ServerSocketChannel listener = ServerSocketChannel.open();
      try {
        return listener.bind(new InetSocketAddress(host, port), backlog);
      } catch (BindException taken) {
        listener.close();
        if (equals(ANY)) {
          throw taken;
        }
      } catch (IOException e) {
        listener.close();
        throw e;
      }
    }
    throw new BindException(
        "none of the %d ports of train.group.ports = %s is free there; free some or allow more"
            .formatted(size(), this));
  }

  @Override
  public String toString() {
    return equals(ANY) ? "any" : first + "-" + last;
  }
}
