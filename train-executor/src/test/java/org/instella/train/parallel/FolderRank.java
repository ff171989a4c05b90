package org.instella.train.parallel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Ranks that are processes of one machine and meet in a folder; for benchmarks. */
final class FolderRank implements Rank {
  private final int index;
  private final int count;
  private final Path folder;
  private int round;

  FolderRank(int index, int count, Path folder) {
    this.index = index;
    this.count = count;
    this.folder = folder;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int generation() {
    return 0;
  }

  @Override
  public List<String> allGather(String message) {
    try {
      Path draft = folder.resolve("draft-" + index);
      Files.writeString(draft, message);
      Files.move(draft, folder.resolve(round + "-" + index), StandardCopyOption.ATOMIC_MOVE);
      List<String> all = new ArrayList<>();
      for (int rank = 0; rank < count; rank++) {
        Path file = folder.resolve(round + "-" + rank);
        while (!Files.exists(file)) {
          Thread.sleep(5);
        }
        all.add(Files.readString(file));
      }
      round++;
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void barrier() {
    allGather("");
  }
}
