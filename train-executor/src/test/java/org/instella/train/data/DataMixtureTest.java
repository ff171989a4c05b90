package org.instella.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.train.TinyRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataMixtureTest {
  private static final int LENGTH = 16;
  @TempDir Path folder;
  private TokenDataset walks;
  private TokenDataset sums;

  @BeforeEach
  void openData() {
    TinyRun run = TinyRun.in(folder);
    walks = TokenDataset.open(Storage.standard(), run.folder("walks"));
    sums = TokenDataset.open(Storage.standard(), run.folder("sums"));
  }

  private DataMixture mixture(double passes) {
    return DataMixture.of(
        List.of(
            new DataMixture.Source("walks", walks, 1),
            new DataMixture.Source("sums", sums, passes)),
        LENGTH);
  }

  @Test
  void everyFileIsCutIntoWholeBlocksAndItsRestIsLeftOut() {
    DataMixture mixture =
        DataMixture.of(List.of(new DataMixture.Source("walks", walks, 1)), LENGTH);
    long blocks = walks.shards().stream().mapToLong(shard -> shard.tokens() / LENGTH).sum();
    assertThat(mixture.samples()).isEqualTo(blocks);
    int[] out = new int[LENGTH];
    long sample = 0;
    for (int shard = 0; shard < walks.shards().size(); shard++) {
      for (long block = 0; block < walks.shards().get(shard).tokens() / LENGTH; block++) {
        mixture.read(sample, out, 0);
        int[] expected = new int[LENGTH];
        walks.shard(shard).copy(block * LENGTH, expected, 0, LENGTH);
        assertThat(out).as("sample %d", sample).isEqualTo(expected);
        sample++;
      }
    }
  }

  @ParameterizedTest(name = "{0} passes")
  @CsvSource({"0.3, 0, 1", "1, 1, 1", "1.5, 1, 2", "3, 3, 3"})
  void aSourceIsPassedOverAsOftenAsTold(double passes, int least, int most) {
    DataMixture mixture = mixture(passes);
    long blocks = sums.shards().get(0).tokens() / LENGTH;
    long first = mixture.samples() - Math.round(passes * blocks);
    assertThat(mixture.samplesBySource()).containsEntry("sums", Math.round(passes * blocks));
    Map<List<DocumentSpan>, Integer> drawn = new HashMap<>();
    for (long sample = first; sample < mixture.samples(); sample++) {
      assertThat(mixture.source(sample)).isEqualTo("sums");
      drawn.merge(mixture.documents(sample), 1, Integer::sum);
    }
    assertThat(drawn.values()).allSatisfy(n -> assertThat(n).isBetween(Math.max(least, 1), most));
    if (least > 0) {
      assertThat(drawn).hasSize((int) blocks);
    }
  }

  @Test
  void aSampleNamesTheDocumentsItsTokensComeFrom() {
    DataMixture mixture = mixture(1);
    for (long sample = 0; sample < mixture.samples(); sample++) {
      int tokens = 0;
      for (DocumentSpan span : mixture.documents(sample)) {
        assertThat(span.firstToken()).isEqualTo(tokens);
        assertThat(span.id()).startsWith(span.source() + "-");
        tokens += span.tokens();
      }
      assertThat(tokens).as("tokens of sample %d", sample).isEqualTo(LENGTH);
    }
  }

  @Test
  void aSourceWithoutASingleBlockIsRefusedWithItsNumbers() {
    assertThatThrownBy(() -> DataMixture.of(List.of(new DataMixture.Source("sums", sums, 1)), 4096))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Source sums gives no sample of 4096 tokens")
        .hasMessageContaining("train.sequence-length");
  }

  @Test
  void targetsAreTheTokensOnePlaceToTheLeft() {
    SampleBatch batch = DataLoader.nextToken(mixture(1), new long[] {3, 0}, 8, OptionalInt.empty());
    int[] tokens = batch.rows().tokens();
    int[] targets = batch.rows().targets();
    for (int i = 0; i < tokens.length; i++) {
      int expected = i % LENGTH == LENGTH - 1 ? SampleBatch.NO_TARGET : tokens[i + 1];
      assertThat(targets[i]).as("target %d", i).isEqualTo(expected);
    }
    assertThat(batch.targetCount()).isEqualTo(2 * (LENGTH - 1));
  }

  @Test
  void documentsAreNumberedWithinARowWhenAttentionShallNotCrossThem() {
    SampleBatch batch = DataLoader.nextToken(mixture(1), new long[] {1, 2}, 0, OptionalInt.of(0));
    int[] tokens = batch.rows().tokens();
    int[] documents = batch.rows().documents().orElseThrow();
    for (int i = 0; i < tokens.length; i++) {
      int expected = i % LENGTH == 0 ? 0 : documents[i - 1] + (tokens[i - 1] == 0 ? 1 : 0);
      assertThat(documents[i]).as("token %d", i).isEqualTo(expected);
    }
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 4})
  void theRanksTogetherReadTheGlobalBatchInOrder(int ranks) {
    DataMixture mixture = mixture(1);
    BatchPlan plan = new BatchPlan(mixture.samples(), 16, 2);
    DataOrder order = DataOrder.Kind.NUMPY.over(mixture.samples(), 6198);
    long firstStep = 3;
    List<DataLoader> loaders = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      loaders.add(
          new DataLoader(mixture, order, plan, OptionalInt.empty(), rank, ranks, firstStep, 2));
    }
    for (long step = firstStep; step < firstStep + 2 * plan.stepsPerEpoch(); step++) {
      List<Long> read = new ArrayList<>();
      long fingerprint = 0;
      for (DataLoader loader : loaders) {
        Batch batch = loader.next();
        assertThat(batch.step()).isEqualTo(step);
        assertThat(batch.firstMicroBatch()).isEqualTo(read.size() / 2);
        for (SampleBatch micro : batch.microBatches()) {
          fingerprint += micro.fingerprint();
          LongStream.of(micro.samples()).forEach(read::add);
        }
      }
      Batch.Place place = plan.place(step);
      assertThat(read)
          .containsExactlyElementsOf(
              LongStream.range(0, 16)
                  .mapToObj(i -> order.sample(place.epoch(), place.position() + i))
                  .toList());
      assertThat(fingerprint).isEqualTo(plan.fingerprint(step, order));
    }
    loaders.forEach(DataLoader::close);
  }

  @Test
  void anEpochUsesNoSampleTwice() {
    BatchPlan plan = new BatchPlan(103, 16, 4);
    DataOrder order = DataOrder.Kind.FEISTEL.over(103, 5);
    assertThat(plan.stepsPerEpoch()).isEqualTo(6);
    TreeSet<Long> used = new TreeSet<>();
    for (long step = 7; step <= 12; step++) {
      Batch.Place place = plan.place(step);
      assertThat(place.epoch()).isEqualTo(1);
      for (int i = 0; i < place.samples(); i++) {
        assertThat(used.add(order.sample(1, place.position() + i))).isTrue();
      }
    }
    assertThat(used).hasSize(96);
  }

  @Test
  void twoSamplesInSwappedPlacesHaveAnotherFingerprint() {
    long straight = SampleBatch.fingerprint(0, 7) + SampleBatch.fingerprint(1, 9);
    long swapped = SampleBatch.fingerprint(0, 9) + SampleBatch.fingerprint(1, 7);
    assertThat(swapped).isNotEqualTo(straight);
  }
}
