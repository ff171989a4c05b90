package org.instella.jobs.progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.EnvironmentException;
import org.junit.jupiter.api.Test;

/** What the driver sends back must be readable where only Spark's own classes are seen. */
class ReplyTest {
  private record Board(int generation, ArrayList<String> messages) implements Serializable {}

  private static final Board BOARD = new Board(3, new ArrayList<>(List.of("a", "b")));

  @Test
  void anAnswerTravelsInClassesOfJavaAlone() throws Exception {
    try (var subscription = ProgressChannel.respond("a topic", question -> BOARD)) {
      Object answer = ask("a topic");
      assertThat(withoutOurClasses(answer)).isInstanceOf(byte[].class);
      assertThat(Reply.content((byte[]) answer)).isEqualTo(BOARD);
    }
  }

  @Test
  void aFailureTravelsAsItsMessage() throws Exception {
    Object answer = ask("nobody's topic");
    assertThat(withoutOurClasses(answer)).isInstanceOf(byte[].class);
    assertThatThrownBy(() -> Reply.content((byte[]) answer))
        .isInstanceOf(EnvironmentException.class)
        .hasMessage("The driver has ended what nobody's topic belongs to");
  }

  @Test
  void noAnswerIsAnAnswer() throws Exception {
    assertThat(Reply.content(Reply.of(() -> null))).isNull();
  }

  private static Object ask(String topic) throws Exception {
    return new ProgressPlugin()
        .driverPlugin()
        .receive(new ProgressPlugin.Question(topic, "a question"));
  }

  /** As an executor's thread would read it whose class path does not hold this project. */
  private static Object withoutOurClasses(Object answer) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(answer);
    }
    try (var in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())) {
          @Override
          protected Class<?> resolveClass(ObjectStreamClass description)
              throws IOException, ClassNotFoundException {
            return Class.forName(
                description.getName(), false, ClassLoader.getPlatformClassLoader());
          }
        }) {
      return in.readObject();
    }
  }
}
