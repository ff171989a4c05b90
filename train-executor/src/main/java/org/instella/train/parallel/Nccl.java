package org.instella.train.parallel;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.instella.conf.error.EnvironmentException;

/**
 * NVIDIA's NCCL, or AMD's RCCL, which has the same functions, types and numbers.
 *
 * @see <a href="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/api.html">NCCL API</a>
 */
final class Nccl {
  static final int FLOAT32 = 7;
  static final int SUM = 0;
  static final int SUCCESS = 0;
  static final int IN_PROGRESS = 7;
  private static final int ID_BYTES = 128;

  /** The first with communicators that do not block: 2.14. */
  private static final int OLDEST = 21400;

  /** Libraries by the names under which the vendors install them. */
  private static final List<String> NAMES = List.of("libnccl.so.2", "librccl.so.1");

  private final Functions functions;
  private final String library;

  Nccl(Functions functions, String library) {
    this.functions = functions;
    this.library = library;
  }

  /** {@code ncclUniqueId}: 128 bytes, passed by value to {@code ncclCommInitRankConfig}. */
  @Structure.FieldOrder("internal")
  public static class UniqueId extends Structure {
    public byte[] internal = new byte[ID_BYTES];

    /** The same on the stack of a call. */
    public static final class ByValue extends UniqueId implements Structure.ByValue {}

    String hex() {
      return HexFormat.of().formatHex(internal);
    }

    static ByValue ofHex(String hex) {
      ByValue id = new ByValue();
      System.arraycopy(HexFormat.of().parseHex(hex), 0, id.internal, 0, ID_BYTES);
      return id;
    }
  }

  /**
   * {@code ncclConfig_t} as NCCL 2.14 had it; later ones take it and fill in what they have added.
   */
  @Structure.FieldOrder({"size", "magic", "version", "blocking"})
  public static final class Config extends Structure {
    public NativeLong size;
    public int magic = 0xcafebeef;
    public int version = OLDEST;
    public int blocking;

    /** Calls return at once; their end and their errors are asked for. */
    static Config nonBlocking() {
      Config config = new Config();
      config.size = new NativeLong(config.size());
      return config;
    }
  }

  /** The functions of the library; names and order of arguments are those of {@code nccl.h}. */
  @SuppressWarnings("checkstyle:MethodName")
  interface Functions extends Library {
    int ncclGetVersion(IntByReference version);

    int ncclGetUniqueId(UniqueId id);

    int ncclCommInitRankConfig(
        PointerByReference communicator, int ranks, UniqueId.ByValue id, int rank, Config config);

    int ncclCommFinalize(Pointer communicator);

    int ncclCommDestroy(Pointer communicator);

    int ncclCommAbort(Pointer communicator);

    int ncclCommGetAsyncError(Pointer communicator, IntByReference error);

    String ncclGetErrorString(int result);

    String ncclGetLastError(Pointer communicator);

    int ncclGroupStart();

    int ncclGroupEnd();

    int ncclReduce(
        Pointer from,
        Pointer to,
        NativeLong count,
        int type,
        int operator,
        int root,
        Pointer communicator,
        Pointer stream);

    int ncclReduceScatter(
        Pointer from,
        Pointer to,
        NativeLong countPerRank,
        int type,
        int operator,
        Pointer communicator,
        Pointer stream);

    int ncclAllGather(
        Pointer from,
        Pointer to,
        NativeLong countPerRank,
        int type,
        Pointer communicator,
        Pointer stream);

    int ncclBroadcast(
        Pointer from,
        Pointer to,
        NativeLong count,
        int type,
        int root,
        Pointer communicator,
        Pointer stream);
  }

  /**
   * Opens the library.
   *
   * @param wanted name or path; empty: NCCL, then RCCL, by their usual names
   * @throws EnvironmentException naming all that was tried
   */
  static Nccl open(Optional<String> wanted) {
    List<String> names = wanted.map(List::of).orElse(NAMES);
    List<String> failures = new ArrayList<>();
    for (String name : names) {
      try {
        Functions functions = Native.load(name, Functions.class);
        IntByReference version = new IntByReference();
        functions.ncclGetVersion(version);
        if (version.getValue() >= OLDEST) {
          return new Nccl(functions, name);
        }
        failures.add(name + " (version %d, needed 2.14 or newer)".formatted(version.getValue()));
      } catch (UnsatisfiedLinkError e) {
        failures.add(name + " (" + firstLine(e) + ")");
      }
    }
    throw new EnvironmentException(
        ParallelError.LIBRARY_MISSING,
        "Ranks on cards need NCCL or RCCL, but none could be opened: %s. Install it, name its file with train.group.nccl-library, or move tensors through host memory with train.group.transport = tcp"
            .formatted(String.join("; ", failures)));
  }

  private static String firstLine(UnsatisfiedLinkError e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  Functions functions() {
    return functions;
  }

  /** Whether this is AMD's library, so that the runtime of the card is HIP. */
  boolean rccl() {
    return library.contains("rccl");
  }

  /** Version such as 2.30.7. */
  String version() {
    IntByReference version = new IntByReference();
    check(functions.ncclGetVersion(version), "ncclGetVersion", Pointer.NULL);
    int number = version.getValue();
    return "%d.%d.%d".formatted(number / 10000, number / 100 % 100, number % 100);
  }

  /** A fresh id for one group, as text for the other ranks. */
  String newId() {
    UniqueId id = new UniqueId();
    check(functions.ncclGetUniqueId(id), "ncclGetUniqueId", Pointer.NULL);
    return id.hex();
  }

  /**
   * Throws what the library says about a result that is no success.
   *
   * @return whether the call goes on by itself
   */
  boolean check(int result, String call, Pointer communicator) {
    if (result != SUCCESS && result != IN_PROGRESS) {
      throw failure(result, call, communicator);
    }
    return result == IN_PROGRESS;
  }

  private EnvironmentException failure(int result, String call, Pointer communicator) {
    String last = functions.ncclGetLastError(communicator);
    return new EnvironmentException(
        ParallelError.CARD_FAILED,
        "%s of %s failed with %d: %s%s; NCCL_DEBUG=INFO in the executors' environment tells more"
            .formatted(
                call,
                library,
                result,
                functions.ncclGetErrorString(result),
                last == null || last.isBlank() ? "" : " (" + last.strip() + ")"));
  }
}
