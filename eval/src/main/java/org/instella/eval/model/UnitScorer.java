package org.instella.eval.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.eval.model.ScoringNetwork.ContinuationScore;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.TokenPair;

/**
 * Scores the pairs of one unit: those with the same context together, so that the context is read
 * once, and equal continuations once.
 */
final class UnitScorer {
  private final ScoringNetwork network;

  UnitScorer(ScoringNetwork network) {
    this.network = network;
  }

  List<Likelihood> score(List<TokenPair> pairs) {
    Map<Ids, Map<Ids, List<Integer>>> byContext = new LinkedHashMap<>();
    for (int i = 0; i < pairs.size(); i++) {
      int[] ids = pairs.get(i).ids();
      int border = ids.length - pairs.get(i).continuation();
      byContext
          .computeIfAbsent(Ids.of(ids, 0, border), context -> new LinkedHashMap<>())
          .computeIfAbsent(Ids.of(ids, border, ids.length), continuation -> new ArrayList<>())
          .add(i);
    }
    Likelihood[] answers = new Likelihood[pairs.size()];
    byContext.forEach(
        (context, continuations) -> {
          List<int[]> asked = continuations.keySet().stream().map(Ids::array).toList();
          List<ContinuationScore> scores = network.score(context.array(), asked);
          int next = 0;
          for (List<Integer> places : continuations.values()) {
            ContinuationScore score = scores.get(next++);
            places.forEach(place -> answers[place] = likelihood(pairs.get(place), score));
          }
        });
    return List.of(answers);
  }

  private static Likelihood likelihood(TokenPair pair, ContinuationScore score) {
    return new Likelihood(
        score.logProbability(), score.greedy(), pair.continuation(), pair.ids().length);
  }

  /** Ids that are equal when their contents are. */
  @SuppressWarnings("ArrayRecordComponent") // equality by contents is written out below
  private record Ids(int[] array) {
    static Ids of(int[] ids, int from, int to) {
      return new Ids(Arrays.copyOfRange(ids, from, to));
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Ids ids && Arrays.equals(array, ids.array);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(array);
    }
  }
}
