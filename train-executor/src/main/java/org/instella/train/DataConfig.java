package org.instella.train;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.train.data.DataOrder;

/**
 * What a run reads.
 *
 * @param order how the samples of all sources are mixed
 * @param verify whether the digests of all shards are compared before the first step, shared among
 *     the ranks; worth its time unless the data takes long to read
 * @param sources token data sets, in the order in which their samples are numbered
 */
public record DataConfig(DataOrder.Kind order, boolean verify, List<Source> sources) {

  /**
   * One token data set.
   *
   * @param name unique in the recipe
   * @param path folder with shards and manifest
   * @param repeat passes over the data set per epoch: 0.0323 takes a fixed random share of its
   *     blocks, 2 takes each block twice
   * @param tokens how many tokens of it an epoch takes, instead of {@code repeat}
   */
  public record Source(String name, Location path, Optional<Double> repeat, Optional<Long> tokens) {

    static Source from(Settings source) {
      Location path = Location.of(source.text("path", "folder of a token data set").required());
      Source read =
          new Source(
              source
                  .text("name", "name of the source in reports; that of its folder if not given")
                  .optional()
                  .orElse(path.name()),
              path,
              source
                  .number("repeat", "passes over the data set per epoch, 1 if not given")
                  .greaterThan(0)
                  .optional(),
              source
                  .longInteger("tokens", "tokens taken per epoch, instead of repeat")
                  .atLeast(1)
                  .optional());
      if (read.repeat().isPresent() && read.tokens().isPresent()) {
        source.problem("tokens", "give repeat or tokens, not both");
      }
      return read;
    }

    /** Passes over a data set with {@code available} tokens. */
    public double passes(long available) {
      return tokens.map(wanted -> (double) wanted / available).or(() -> repeat).orElse(1.0);
    }
  }

  /** Reads a section {@code data}. */
  public static DataConfig from(Settings data) {
    return new DataConfig(
        data.choice("order", "how samples are mixed", DataOrder.Kind.class)
            .orElse(DataOrder.Kind.NUMPY),
        data.flag("verify", "compare the digests of all shards first").orElse(true),
        sources(data));
  }

  static List<Source> sources(Settings data) {
    List<Source> sources = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Settings section : data.sections("sources", "token data sets")) {
      Source source = Source.from(section);
      if (!names.add(source.name())) {
        section.problem("name", "two sources are called " + source.name() + "; name them apart");
      }
      sources.add(source);
    }
    if (sources.isEmpty()) {
      data.problem("sources", "must name at least one token data set");
    }
    return List.copyOf(sources);
  }
}
