package org.instella.jobs.demo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.Job;
import org.instella.jobs.JobContext;
import org.instella.jobs.JobResult;

/**
 * Writes the demonstration's documents: {@code train/SOURCE}, {@code held-out/SOURCE} in Dolma's
 * schema, and {@code tasks/*.jsonl} with multiple-choice questions.
 *
 * @param size how much text
 * @param seed of the generator
 */
public record DemoCorpusJob(Size size, long seed) implements Job {
  /** Every so many documents one is kept apart. */
  private static final int HELD_OUT_EVERY = 16;

  /** How much text: thousands of bytes by source. */
  public enum Size {
    SMALL(160, 80, 80, 120),
    STANDARD(1600, 600, 700, 1100),
    LARGE(8000, 2000, 3000, 2000);

    private final int stories;
    private final int questions;
    private final int arithmetic;
    private final int code;

    Size(int stories, int questions, int arithmetic, int code) {
      this.stories = stories;
      this.questions = questions;
      this.arithmetic = arithmetic;
      this.code = code;
    }
  }

  /** Reads a section {@code demo-corpus}. */
  public static DemoCorpusJob from(Settings corpus) {
    return new DemoCorpusJob(
        corpus.choice("size", "how much text", Size.class).orElse(Size.STANDARD),
        corpus.longInteger("seed", "seed of the generator").atLeast(0).orElse(7L));
  }

  @Override
  public List<Location> inputs() {
    return List.of();
  }

  @Override
  public int slots(int total) {
    return 1;
  }

  @Override
  public JobResult run(JobContext context) {
    Storage storage = context.storage();
    Location output = context.output();
    Location staging = storage.staging(output);
    List<FileDigest> files = new ArrayList<>();
    Questions questions = new Questions(seed);
    Arithmetic arithmetic = new Arithmetic();
    long bytes = generate(storage, staging, new Stories(), size.stories, "-0000.jsonl.gz", files);
    bytes += generate(storage, staging, questions, size.questions, "-0000.jsonl.zst", files);
    bytes += generate(storage, staging, arithmetic, size.arithmetic, "-0000.jsonl", files);
    bytes += code(storage, staging, files);
    tasks(storage, staging, "facts", questions.choices(), files);
    tasks(storage, staging, "sums", arithmetic.choices(100, seed + 1), files);
    Manifest.Builder manifest =
        Manifest.builder("documents", 1)
            .configuration("size", size.name().toLowerCase(Locale.ROOT))
            .configuration("seed", seed)
            .fact("text-bytes", bytes);
    files.forEach(manifest::file);
    manifest.build().writeTo(storage, staging);
    storage.delete(output);
    storage.publish(staging, output);
    return new JobResult(output, "%.1f MB of text in 4 sources".formatted(bytes / 1e6));
  }

  private long generate(
      Storage storage,
      Location folder,
      DemoSource source,
      int thousands,
      String ending,
      List<FileDigest> files) {
    String file = source.name() + "/" + source.name() + ending;
    long bytes = 0;
    try (Pair pair = new Pair(storage, folder, file, files)) {
      for (int i = 0; bytes < thousands * 1000L; i++) {
        // A document depends on its number alone, so a longer corpus begins with a shorter one.
        Random random = new Random(31 * (31 * seed + source.name().hashCode()) + i);
        String text = source.document(i, random);
        pair.next(i).document(source.name() + "-" + i, text, source.name());
        bytes += text.length();
      }
    }
    return bytes;
  }

  private long code(Storage storage, Location folder, List<FileDigest> files) {
    Location home = Location.of(System.getProperty("instella.home", "."));
    long bytes = 0;
    int number = 0;
    try (Pair pair = new Pair(storage, folder, "code/code-0000.jsonl.gz", files)) {
      for (ProjectFiles.ProjectFile file : ProjectFiles.read(storage, home, size.code * 1000L)) {
        pair.next(number++).document(file.name(), file.text(), "code");
        bytes += file.text().length();
      }
    }
    return bytes;
  }

  private static void tasks(
      Storage storage,
      Location folder,
      String name,
      List<Questions.Choice> choices,
      List<FileDigest> files) {
    DocumentFile file = new DocumentFile(storage, folder, "tasks/" + name + ".jsonl");
    try (file) {
      int id = 0;
      for (Questions.Choice choice : choices) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", name + "-" + id++);
        fields.put("context", choice.context());
        fields.put("choices", choice.choices());
        fields.put("gold", choice.gold());
        file.line(fields);
      }
    }
    files.add(file.digest());
  }

  /** The two files of a source: what is trained on, and what is kept apart. */
  private static final class Pair implements AutoCloseable {
    private final DocumentFile train;
    private final DocumentFile heldOut;
    private final List<FileDigest> files;

    Pair(Storage storage, Location folder, String file, List<FileDigest> files) {
      this.train = new DocumentFile(storage, folder, "train/" + file);
      this.heldOut = new DocumentFile(storage, folder, "held-out/" + file);
      this.files = files;
    }

    DocumentFile next(int number) {
      return number % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 ? heldOut : train;
    }

    @Override
    public void close() {
      train.close();
      heldOut.close();
      files.add(train.digest());
      files.add(heldOut.digest());
    }
  }
}
