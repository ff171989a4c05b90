package org.instella.jobs.tokens;

import java.util.List;
import org.apache.spark.sql.connector.write.BatchWrite;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.Write;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.tokenize.shard.TokenizeConfig;

/**
 * Rows to one data set: the options are the keys of {@code instella tokenize}, and {@code source},
 * the name of the data set's source.
 *
 * @param folder where the data set will be
 * @param query Spark's name for this execution; names the staging folder
 */
record TokensWrite(
    Location folder, String source, TokenizeConfig config, RowColumns columns, String query)
    implements Write {

  static TokensWrite of(Location folder, LogicalWriteInfo info) {
    List<String> sets =
        info.options().entrySet().stream()
            .filter(option -> !option.getKey().equals("path"))
            .map(option -> option.getKey() + "=" + option.getValue())
            .sorted()
            .toList();
    Settings options = Recipe.ofSets(sets).root();
    TokenizeConfig config = TokenizeConfig.from(options);
    String source = options.text("source", "name of the source").orElse(folder.name());
    options.finish();
    return new TokensWrite(
        folder, source, config, RowColumns.of(info.schema(), config.columns()), info.queryId());
  }

  /** Where the tasks of this write meet. */
  Location staging() {
    return folder.parent().resolve("._staging-%s-%s".formatted(folder.name(), query));
  }

  @Override
  public String description() {
    return "%s %s".formatted(TokensProvider.NAME, folder);
  }

  @Override
  public BatchWrite toBatch() {
    return new TokensBatchWrite(this);
  }
}
