package org.instella.train.parallel;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * First words on a connection between two ranks. Big-endian.
 *
 * <p>The secret was made by the accepting rank and spread through the rendezvous, so that a port
 * scanner or a process that listens to nobody cannot join; the generation keeps out ranks of an
 * attempt that is over.
 *
 * @param generation attempt the caller belongs to
 * @param secret of the rank that is called
 * @param count number of ranks the caller expects
 * @param rank of the caller
 * @param channel what the connection is for
 */
record Handshake(int generation, long secret, int count, int rank, Channel channel) {
  private static final long MAGIC = 0x494e5354524e4b31L; // "INSTRNK1"

  /** What a connection carries. */
  enum Channel {
    /** Signs of life, farewells and the reason of an end. */
    CONTROL,
    /** Tensors. */
    DATA
  }

  /** The answer of the rank that was called. */
  enum Answer {
    WELCOME,
    WRONG_GENERATION,
    WRONG_SECRET,
    WRONG_COUNT
  }

  void writeTo(OutputStream stream) throws IOException {
    DataOutputStream out = new DataOutputStream(stream);
    out.writeLong(MAGIC);
    out.writeInt(generation);
    out.writeLong(secret);
    out.writeInt(count);
    out.writeInt(rank);
    out.writeByte(channel.ordinal());
    out.flush();
  }

  static Handshake readFrom(InputStream stream) throws IOException {
    DataInputStream in = new DataInputStream(stream);
    if (in.readLong() != MAGIC) {
      throw new IOException("the caller is not a rank of this program");
    }
    int generation = in.readInt();
    long secret = in.readLong();
    int count = in.readInt();
    int rank = in.readInt();
    int channel = in.readByte();
    if (channel < 0 || channel >= Channel.values().length) {
      throw new IOException("unknown channel " + channel);
    }
    return new Handshake(generation, secret, count, rank, Channel.values()[channel]);
  }

  /** What this rank says to a caller. */
  Answer judge(int ownGeneration, long ownSecret, int ownCount) {
    if (generation != ownGeneration) {
      return Answer.WRONG_GENERATION;
    }
    if (secret != ownSecret) {
      return Answer.WRONG_SECRET;
    }
    return count == ownCount ? Answer.WELCOME : Answer.WRONG_COUNT;
  }

  static void writeAnswer(OutputStream stream, Answer answer, int generation) throws IOException {
    DataOutputStream out = new DataOutputStream(stream);
    out.writeByte(answer.ordinal());
    out.writeInt(generation);
    out.flush();
  }
}
