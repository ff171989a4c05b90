package org.instella.jobs.progress;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.util.function.Supplier;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.InstellaException;
import org.instella.jobs.JobError;

/**
 * The driver's answer as bytes. On an executor Spark reads answers in a thread that sees the
 * classes of Spark's own class path alone, not those of {@code --jars}: a class of ours in an
 * answer ends the executor there. Embedded executors have everything on one class path.
 */
final class Reply {
  private Reply() {}

  /** Driver: the answer, or the message of what the answer failed with. */
  static byte[] of(Supplier<Serializable> answer) {
    boolean good = true;
    Serializable content;
    try {
      content = answer.get();
    } catch (InstellaException e) {
      good = false;
      content = e.getMessage();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeBoolean(good);
      out.writeObject(content);
    } catch (IOException e) {
      throw new IllegalStateException("An answer cannot be written: " + content, e);
    }
    return bytes.toByteArray();
  }

  /**
   * Executor: the answer, which may be null.
   *
   * @throws EnvironmentException if the driver failed to answer
   */
  static Serializable content(byte[] reply) throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new OurClasses(new ByteArrayInputStream(reply))) {
      boolean good = in.readBoolean();
      Object content = in.readObject();
      if (!good) {
        throw new EnvironmentException(JobError.STAGE_FAILED, String.valueOf(content));
      }
      return (Serializable) content;
    }
  }

  /** Finds classes where this class comes from. */
  private static final class OurClasses extends ObjectInputStream {
    OurClasses(InputStream in) throws IOException {
      super(in);
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(description.getName(), false, Reply.class.getClassLoader());
      } catch (ClassNotFoundException primitive) {
        return super.resolveClass(description);
      }
    }
  }
}
