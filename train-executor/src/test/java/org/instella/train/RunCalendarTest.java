package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.instella.train.optim.LearningRate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunCalendarTest {

  @ParameterizedTest(name = "every {1} of {0} steps")
  @CsvSource({"10, 3", "9, 3", "1, 1", "2, 1", "5, 9", "0, 4"})
  void anotherCheckpointIsDueIfAnyStepBehindHasOne(long lastStep, long every) {
    RunCalendar calendar =
        new RunCalendar(
            lastStep, every, 0, 0, new LearningRate.Constant(1, new LearningRate.Warmup(0, 0)));
    for (long step = 0; step <= lastStep; step++) {
      boolean any = LongStream.rangeClosed(step + 1, lastStep).anyMatch(calendar::checkpointDue);
      assertThat(calendar.anotherCheckpointDue(step)).as("behind step " + step).isEqualTo(any);
    }
  }
}
