package org.instella.jobs;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.instella.conf.settings.Settings;
import org.instella.jobs.demo.DemoCorpusJob;
import org.instella.jobs.merging.MergeCompareJob;
import org.instella.jobs.merging.MergeSearchJob;

/**
 * Every kind of job under the name of its command, which is also the name of its section in a
 * recipe and of its kind in a pipeline.
 */
public enum JobKind {
  DEMO_CORPUS((settings, section) -> DemoCorpusJob.from(settings)),
  TRAIN_TOKENIZER((settings, section) -> TrainTokenizerJob.from(settings)),
  TOKENIZE((settings, section) -> TokenizeJob.from(settings)),
  INIT((settings, section) -> InitJob.from(settings)),
  TRAIN(TrainJob::from),
  MERGE((settings, section) -> MergeJob.from(settings)),
  MERGE_SEARCH(MergeSearchJob::from),
  MERGE_COMPARE((settings, section) -> MergeCompareJob.from(settings)),
  EVALUATE(EvalJob::from);

  private final BiFunction<Settings, Section, Job> reader;

  JobKind(BiFunction<Settings, Section, Job> reader) {
    this.reader = reader;
  }

  /** {@code train-tokenizer} for {@code TRAIN_TOKENIZER}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Names of all kinds. */
  public static List<String> names() {
    return Arrays.stream(values()).map(JobKind::text).toList();
  }

  /**
   * Reads a job from its section.
   *
   * @param settings the section, of a reading that the caller finishes
   * @param section the same section for jobs that send it to executors
   */
  public Job read(Settings settings, Section section) {
    return reader.apply(settings, section);
  }
}
