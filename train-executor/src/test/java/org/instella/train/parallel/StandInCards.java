package org.instella.train.parallel;

import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Cards and NCCL as far as a test without either can have them: ranks are threads, a card's memory
 * is that of the host, and every stream works on a thread of its own, so that what is not told to
 * wait does not wait. Streams, events, groups and communicators that do not block mean what they
 * mean in CUDA and NCCL.
 */
final class StandInCards implements CardRuntime, Nccl.Functions {
  private final Map<Long, Stream> streams = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<Void>> events = new ConcurrentHashMap<>();
  private final Map<String, StandInMeeting> meetings = new ConcurrentHashMap<>();
  private final Map<Long, StandInMeeting.Member> communicators = new ConcurrentHashMap<>();
  private final AtomicLong names = new AtomicLong(1 << 20);
  private final AtomicInteger ids = new AtomicInteger();
  private final AtomicInteger aborted = new AtomicInteger();
  private final ThreadLocal<Integer> card = ThreadLocal.withInitial(() -> 0);
  private final ThreadLocal<List<Runnable>> group = new ThreadLocal<>();

  /** What works one after the other. */
  private static final class Stream {
    final AtomicInteger waiting = new AtomicInteger();
    final ExecutorService worker =
        Executors.newSingleThreadExecutor(
            body -> {
              Thread thread = new Thread(body, "stand-in-stream");
              thread.setDaemon(true);
              return thread;
            });

    void queue(Runnable work) {
      waiting.incrementAndGet();
      worker.execute(
          () -> {
            try {
              work.run();
            } finally {
              waiting.decrementAndGet();
            }
          });
    }
  }

  /** The library that is this. */
  Nccl nccl() {
    return new Nccl(this, "the stand-in");
  }

  /** Queues a kernel where libtorch would, on the card that the calling thread talks to. */
  void compute(Runnable kernel) {
    stream(DEFAULT_STREAM).queue(kernel);
  }

  int communicatorsAborted() {
    return aborted.get();
  }

  /** Streams and events that were made and not destroyed. */
  int leftOver() {
    return (int) streams.keySet().stream().filter(name -> name > 1 << 20).count() + events.size();
  }

  private Stream stream(Pointer name) {
    // The default streams of the cards have small names of their own.
    long key = name == DEFAULT_STREAM ? card.get() : Pointer.nativeValue(name);
    return streams.computeIfAbsent(key, any -> new Stream());
  }

  @Override
  public void use(int index) {
    card.set(index);
  }

  @Override
  public Pointer newStream() {
    Pointer name = new Pointer(names.incrementAndGet());
    stream(name);
    return name;
  }

  @Override
  public void destroyStream(Pointer stream) {
    streams.remove(Pointer.nativeValue(stream)).worker.shutdown();
  }

  @Override
  public Pointer newEvent() {
    Pointer name = new Pointer(names.incrementAndGet());
    events.put(Pointer.nativeValue(name), CompletableFuture.completedFuture(null));
    return name;
  }

  @Override
  public void destroyEvent(Pointer event) {
    events.remove(Pointer.nativeValue(event));
  }

  @Override
  public void record(Pointer event, Pointer stream) {
    CompletableFuture<Void> happens = new CompletableFuture<>();
    events.put(Pointer.nativeValue(event), happens);
    stream(stream).queue(() -> happens.complete(null));
  }

  @Override
  public void await(Pointer stream, Pointer event) {
    CompletableFuture<Void> happens = events.get(Pointer.nativeValue(event));
    stream(stream).queue(happens::join);
  }

  @Override
  public boolean idle(Pointer stream) {
    return stream(stream).waiting.get() == 0;
  }

  @Override
  public int ncclGetVersion(IntByReference version) {
    version.setValue(21400);
    return Nccl.SUCCESS;
  }

  @Override
  public int ncclGetUniqueId(Nccl.UniqueId id) {
    id.internal[0] = (byte) ids.incrementAndGet();
    return Nccl.SUCCESS;
  }

  @Override
  public int ncclCommInitRankConfig(
      PointerByReference communicator,
      int ranks,
      Nccl.UniqueId.ByValue id,
      int rank,
      Nccl.Config config) {
    if (config.blocking != 0 || config.size.longValue() != config.size()) {
      return 4; // ncclInvalidArgument: this class would block for ever
    }
    StandInMeeting meeting =
        meetings.computeIfAbsent(id.hex() + "/" + ranks, any -> new StandInMeeting(ranks));
    Pointer name = new Pointer(names.incrementAndGet());
    communicators.put(Pointer.nativeValue(name), meeting.join(rank));
    communicator.setValue(name);
    return Nccl.IN_PROGRESS;
  }

  private StandInMeeting.Member member(Pointer communicator) {
    return communicators.get(Pointer.nativeValue(communicator));
  }

  @Override
  public int ncclCommFinalize(Pointer communicator) {
    return Nccl.SUCCESS;
  }

  @Override
  public int ncclCommDestroy(Pointer communicator) {
    communicators.remove(Pointer.nativeValue(communicator));
    return Nccl.SUCCESS;
  }

  @Override
  public int ncclCommAbort(Pointer communicator) {
    aborted.incrementAndGet();
    member(communicator).abort();
    communicators.remove(Pointer.nativeValue(communicator));
    return Nccl.SUCCESS;
  }

  @Override
  public int ncclCommGetAsyncError(Pointer communicator, IntByReference error) {
    error.setValue(member(communicator).meeting().complete() ? Nccl.SUCCESS : Nccl.IN_PROGRESS);
    return Nccl.SUCCESS;
  }

  @Override
  public String ncclGetErrorString(int result) {
    return "error " + result;
  }

  @Override
  public String ncclGetLastError(Pointer communicator) {
    return "";
  }

  @Override
  public int ncclGroupStart() {
    group.set(new ArrayList<>());
    return Nccl.SUCCESS;
  }

  @Override
  public int ncclGroupEnd() {
    List<Runnable> calls = group.get();
    group.remove();
    calls.forEach(Runnable::run);
    return Nccl.SUCCESS;
  }

  /** Queues a collective now, or at the end of the group. */
  private int collective(
      Pointer communicator, Pointer stream, StandInMeeting.Part part, StandInMeeting.Take take) {
    StandInMeeting.Member member = member(communicator);
    Stream queue = stream(stream);
    long number = member.nextNumber();
    Runnable call = () -> queue.queue(() -> member.meet(number, part, take));
    if (group.get() != null) {
      group.get().add(call);
    } else {
      call.run();
    }
    return Nccl.SUCCESS;
  }

  private static FloatBuffer floats(Pointer memory, long count) {
    return memory.getByteBuffer(0, count * Float.BYTES).asFloatBuffer();
  }

  private static void sum(List<float[]> parts, int from, FloatBuffer to) {
    for (int i = 0; i < to.limit(); i++) {
      float sum = parts.get(0)[from + i];
      for (float[] part : parts.subList(1, parts.size())) {
        sum += part[from + i];
      }
      to.put(i, sum);
    }
  }

  @Override
  public int ncclReduce(
      Pointer from,
      Pointer to,
      NativeLong count,
      int type,
      int operator,
      int root,
      Pointer communicator,
      Pointer stream) {
    int rank = member(communicator).rank();
    return collective(
        communicator,
        stream,
        StandInMeeting.copy(() -> floats(from, count.longValue())),
        parts -> {
          if (rank == root) {
            sum(parts, 0, floats(to, count.longValue()));
          }
        });
  }

  @Override
  public int ncclReduceScatter(
      Pointer from,
      Pointer to,
      NativeLong countPerRank,
      int type,
      int operator,
      Pointer communicator,
      Pointer stream) {
    StandInMeeting.Member member = member(communicator);
    long each = countPerRank.longValue();
    return collective(
        communicator,
        stream,
        StandInMeeting.copy(() -> floats(from, each * member.meeting().ranks())),
        parts -> sum(parts, (int) (each * member.rank()), floats(to, each)));
  }

  @Override
  public int ncclAllGather(
      Pointer from,
      Pointer to,
      NativeLong countPerRank,
      int type,
      Pointer communicator,
      Pointer stream) {
    long each = countPerRank.longValue();
    return collective(
        communicator,
        stream,
        StandInMeeting.copy(() -> floats(from, each)),
        parts -> {
          FloatBuffer whole = floats(to, each * parts.size());
          parts.forEach(whole::put);
        });
  }

  @Override
  public int ncclBroadcast(
      Pointer from,
      Pointer to,
      NativeLong count,
      int type,
      int root,
      Pointer communicator,
      Pointer stream) {
    return collective(
        communicator,
        stream,
        StandInMeeting.copy(() -> floats(from, count.longValue())),
        parts -> floats(to, count.longValue()).put(parts.get(root)));
  }
}
