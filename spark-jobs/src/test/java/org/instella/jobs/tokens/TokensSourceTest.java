package org.instella.jobs.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.ShardVerifier;
import org.instella.tokenize.shard.TokenDataset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokensSourceTest {
  private static final Storage STORAGE = Storage.standard();

  @TempDir static Path shared;
  private static SparkSession spark;
  private static String tokenizer;

  @TempDir Path folder;

  @BeforeAll
  static void start() throws IOException {
    spark =
        SparkSession.builder()
            .master("local[2,4]") // a task may fail three times
            .appName("data source")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "3")
            .getOrCreate();
    tokenizer = TinyTokenizer.write(shared.resolve("tokenizer.json")).toString();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void rowsOfTextBecomeADataSetAndComeBackAsRows() throws IOException {
    write(texts(20), "tokens");
    TokenDataset dataset = TokenDataset.open(STORAGE, location("tokens"));
    ShardVerifier.verify(STORAGE, dataset);
    assertThat(dataset.source()).isEqualTo("tokens");
    assertThat(dataset.documents()).isEqualTo(20);

    List<Row> rows = read("tokens").orderBy("shard", "position").collectAsList();
    assertThat(rows).hasSize(20);
    assertThat(rows.get(3).mkString("|"))
        .startsWith("doc-3|tokens|")
        .endsWith("|part-00000|4|part-00000.arrow|" + rows.get(3).getLong(6));
    assertThat(rows.get(0).<Integer>getList(2)).startsWith(258, 33).endsWith(0);
    long position = 0;
    for (Row row : rows) {
      position = row.getString(5).equals("part-00000.arrow") || row.getLong(6) != 0 ? position : 0;
      assertThat(row.getLong(6)).as(row.getString(0)).isEqualTo(position);
      position += row.getList(2).size();
    }
    assertThat(staging()).isEmpty();
  }

  @Test
  void composesWithSparkSql() throws IOException {
    write(texts(20), "tokens");
    Dataset<Row> query =
        read("tokens").where("id like 'doc-1%'").select(functions.expr("size(tokens)").as("n"));
    assertThat(query.agg(functions.sum("n")).head().getLong(0))
        .isEqualTo(
            read("tokens").collectAsList().stream()
                .filter(row -> row.getString(0).startsWith("doc-1"))
                .mapToLong(row -> row.getList(2).size())
                .sum());
    assertThat(read("tokens").count()).isEqualTo(20);
    assertThat(read("tokens").select("line", "id").queryExecution().executedPlan().toString())
        .as("columns that nobody asked for are not read")
        .contains("[ID, LINE]");
  }

  @Test
  void aDataSetThatIsReadAndWrittenHoldsTheSameTokens() throws IOException {
    write(texts(30), "one");
    Dataset<Row> same = read("one").coalesce(1).sortWithinPartitions("shard", "position");
    write(same, "two");
    List<String> first =
        read("one").orderBy("id").select("id", "tokens", "file", "line").toJSON().collectAsList();
    assertThat(
            read("two")
                .orderBy("id")
                .select("id", "tokens", "file", "line")
                .toJSON()
                .collectAsList())
        .isEqualTo(first);
  }

  @Test
  void readsRangesOfAShardAsPartitions() throws IOException {
    write(texts(40), "tokens");
    Dataset<Row> split =
        spark.read().format("instella-tokens").option("split-tokens", 50).load(name("tokens"));
    assertThat(split.rdd().getNumPartitions()).isGreaterThan(10);
    assertThat(split.orderBy("shard", "position").toJSON().collectAsList())
        .isEqualTo(read("tokens").orderBy("shard", "position").toJSON().collectAsList());
  }

  @Test
  void tasksThatFailAndRunAgainGiveTheBytesOfAQuietWrite() throws IOException {
    write(texts(40), "quiet", "s");
    Dataset<Row> shaky =
        texts(40)
            .map(
                (MapFunction<Row, Row>)
                    row -> {
                      TaskContext task = TaskContext.get();
                      if (task.attemptNumber() < task.partitionId()
                          && row.getString(0).endsWith("8")) {
                        throw new IllegalStateException("an injected failure");
                      }
                      return row;
                    },
                Encoders.row(texts(1).schema()));
    write(shaky, "shaky", "s");
    assertThat(digests("shaky")).isEqualTo(digests("quiet"));
    assertThat(staging()).isEmpty();
  }

  @Test
  void aWriteThatFailsLeavesNothing() throws IOException {
    Dataset<Row> failing =
        texts(10).selectExpr("id", "if(id = 'doc-7', raise_error('injected'), text) as text");
    assertThatThrownBy(() -> write(failing, "tokens")).hasStackTraceContaining("injected");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void emptyPartitionsGiveNoShardAndNoRowsGiveAnEmptyDataSet() throws IOException {
    write(texts(2).repartition(7), "two");
    assertThat(TokenDataset.open(STORAGE, location("two")).documents()).isEqualTo(2);
    assertThat(TokenDataset.open(STORAGE, location("two")).shards()).hasSizeLessThan(3);
    write(texts(2).where("id = 'none'"), "none");
    assertThat(TokenDataset.open(STORAGE, location("none")).tokens()).isZero();
    assertThat(read("none").count()).isZero();
  }

  @Test
  void aRowWithoutTextIsRejectedAndCounted() throws IOException {
    Dataset<Row> one = texts(200).selectExpr("id", "if(id = 'doc-7', null, text) as text");
    write(one, "tokens");
    Manifest manifest = Manifest.read(STORAGE, location("tokens"));
    assertThat(manifest.longFact("rejected_lines")).isEqualTo(1);
    assertThat(Files.readString(folder.resolve("tokens/part-00000.rejected.jsonl")))
        .contains("\"file\":\"part-00000\",\"line\":8,", "\"reason\":\"TEXT_MISSING\"");
    assertThatThrownBy(() -> write(texts(3).selectExpr("id", "string(null) as text"), "nulls"))
        .hasStackTraceContaining("3 of 3 lines of source nulls are no documents");
  }

  @Test
  void saysWhatIsWrongWithOptionsAndColumns() throws IOException {
    assertThatThrownBy(
            () -> texts(1).write().format("instella-tokens").mode("append").save(name("a")))
        .hasStackTraceContaining("tokenizer: missing");
    assertThatThrownBy(
            () ->
                texts(1)
                    .write()
                    .format("instella-tokens")
                    .mode("append")
                    .option("tokenizer", tokenizer)
                    .option("eos-rul", "never")
                    .save(name("a")))
        .hasStackTraceContaining("eos-rul")
        .hasStackTraceContaining("did you mean eos-rule");
    assertThatThrownBy(() -> write(texts(1).select("id"), "a"))
        .hasStackTraceContaining("Rows need either a column \"text\" of strings");
    assertThatThrownBy(() -> write(texts(1).selectExpr("length(text) as text"), "a"))
        .hasStackTraceContaining("Column \"text\" is int; it must be string: cast it");
    write(texts(1), "there");
    assertThatThrownBy(() -> write(texts(1), "there"))
        .hasStackTraceContaining("a data set is written once");
    assertThatThrownBy(() -> read("nowhere").count()).hasStackTraceContaining(name("nowhere"));
  }

  private Dataset<Row> texts(int count) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String text = "the text of number %d, %s".formatted(i, "the other ".repeat(i % 5));
      rows.add(RowFactory.create("doc-" + i, text));
    }
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    return spark.createDataFrame(
        context.parallelize(rows, 2), StructType.fromDDL("id string, text string"));
  }

  private void write(Dataset<Row> rows, String name) {
    write(rows, name, name);
  }

  private void write(Dataset<Row> rows, String name, String source) {
    rows.write()
        .format("instella-tokens")
        .mode("append")
        .option("tokenizer", tokenizer)
        .option("source", source)
        .save(name(name));
  }

  private Dataset<Row> read(String name) {
    return spark.read().format("instella-tokens").load(name(name));
  }

  private String name(String name) {
    return folder.resolve(name).toString();
  }

  private Location location(String name) {
    return Location.of(folder.resolve(name));
  }

  private List<String> staging() throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("."))
          .toList();
    }
  }

  private Map<String, String> digests(String name) {
    Map<String, String> digests = new TreeMap<>();
    STORAGE
        .listFiles(location(name))
        .forEach(
            file -> digests.put(file.location().name(), Digests.sha256(STORAGE, file.location())));
    return digests;
  }
}
