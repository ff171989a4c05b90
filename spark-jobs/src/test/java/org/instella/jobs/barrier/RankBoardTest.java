package org.instella.jobs.barrier;

import static org.assertj.core.api.Assertions.assertThat;

import org.instella.jobs.barrier.RankBoard.Note;
import org.instella.jobs.barrier.RankBoard.State;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RankBoardTest {
  private final RankBoard board = new RankBoard();

  @BeforeEach
  void begin() {
    board.begin(3);
  }

  private State post(int generation, int round, int rank, String message) {
    return board.post(new Note(generation, round, rank, 3, message));
  }

  @Test
  void aRoundIsCompleteWhenTheLastRankHasCome() {
    assertThat(post(3, 0, 2, "c").missing()).containsExactly(0, 1);
    assertThat(post(3, 0, 0, "a").complete()).isFalse();
    assertThat(post(3, 0, 1, "b").messages()).containsExactly("a", "b", "c");
    assertThat(post(3, 0, 2, "c").messages()).as("who asks again").containsExactly("a", "b", "c");
  }

  @Test
  void aRankThatIsAheadDoesNotDisturbThoseBehindIt() {
    for (int round = 0; round < 5; round++) {
      post(3, round, 0, "a" + round);
      post(3, round, 1, "b" + round);
      assertThat(post(3, round, 2, "c" + round).complete()).isTrue();
      post(3, round + 1, 0, "ahead");
      assertThat(post(3, round, 1, "b" + round).messages())
          .containsExactly("a" + round, "b" + round, "c" + round);
    }
  }

  @Test
  void ranksOfAnotherGenerationAreSentHomeAndLeaveNoTrace() {
    assertThat(post(2, 0, 0, "late").over()).isTrue();
    post(3, 0, 0, "a");
    post(3, 0, 1, "b");
    board.begin(4);
    assertThat(post(3, 0, 2, "c").over()).isTrue();
    assertThat(post(4, 0, 2, "c").missing()).containsExactly(0, 1);
  }
}
