package org.instella.conf.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeTest {
  @TempDir Path folder;

  private Location write(String name, String text) throws Exception {
    Files.createDirectories(folder.resolve(name).getParent());
    return Location.of(Files.writeString(folder.resolve(name), text));
  }

  private static Recipe load(Location file, String... sets) {
    return Recipe.load(Storage.standard(), file, List.of(sets));
  }

  @Test
  void includesFilesBesideItAndAbove() throws Exception {
    write("base.conf", "a = 1, b = 1");
    write("deep/mid.conf", "include \"../base.conf\"\nb = 2, c = 2");
    Location main = write("main.conf", "include \"deep/mid.conf\"\nc = 3");
    assertThat(load(main).resolved())
        .containsOnly(
            java.util.Map.entry("a", "1"),
            java.util.Map.entry("b", "2"),
            java.util.Map.entry("c", "3"));
  }

  @Test
  void namesTheFileOfAProblemInAnInclude() throws Exception {
    write("base.conf", "x = 1\nlr = 40");
    Settings s = load(write("main.conf", "include \"base.conf\"")).root();
    s.number("lr", "").in(Range.closed(0, 1)).required();
    s.integer("x", "").required();
    assertThatThrownBy(s::finish)
        .hasMessage("1 problem in main.conf\n  lr = 40 (base.conf line 2): must be in [0, 1]");
  }

  @Test
  void overridesComeLastAndReachSubstitutions() throws Exception {
    Location main = write("main.conf", "let.root = data\nout = ${let.root}/out\nn = 1");
    Recipe recipe = load(main, "let.root=/other", "n = 2", "url=hdfs://host/x", "list=[1,2]");
    assertThat(recipe.resolved())
        .containsEntry("out", "/other/out")
        .containsEntry("n", "2")
        .containsEntry("url", "hdfs://host/x")
        .containsEntry("list", "[1,2]")
        .doesNotContainKey("let.root");
  }

  @Test
  void aWrongOverrideIsNamedAsSuch() throws Exception {
    Settings s = load(write("main.conf", "n = 1"), "m=1").root();
    s.integer("n", "").required();
    assertThatThrownBy(s::finish)
        .hasMessage("1 problem in main.conf\n  m (--set): unknown key; did you mean n?");
  }

  @Test
  void refusesAnOverrideWithoutAKey() {
    assertThatThrownBy(() -> Recipe.ofSets(List.of("train.seed")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--set train.seed: must be key=value, for example --set train.seed=5796");
  }

  @Test
  void namesTheLineThatIsNoHocon() throws Exception {
    Location main = write("main.conf", "a = 1\nb = [1\nc = 2}");
    assertThatThrownBy(() -> load(main))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Cannot read the recipe")
        .hasMessageContaining("main.conf: 3");
  }

  @Test
  void namesASubstitutionWithoutAValue() throws Exception {
    Location main = write("main.conf", "a = ${nothing.here}");
    assertThatThrownBy(() -> load(main)).hasMessageContaining("nothing.here");
  }

  @Test
  void aMissingRecipeIsNamed() {
    Location missing = Location.of(folder.resolve("none.conf"));
    assertThatThrownBy(() -> load(missing))
        .isInstanceOf(DataException.class)
        .hasMessage("Cannot open %s: not found".formatted(missing));
  }

  @Test
  void secretsAreNotKept() {
    Recipe recipe = Recipe.parse("s3.secret-key = abc, s3.bucket = b, tokens = 5", "x");
    assertThat(recipe.resolved())
        .containsEntry("s3.secret-key", "(not shown)")
        .containsEntry("tokens", "5");
    assertThat(recipe.render()).doesNotContain("abc");
  }

  @Test
  void secretsReachWhoUsesThem() {
    Recipe recipe =
        Recipe.parse("spark { ssl.keyPassword = abc, hadoop.\"fs.s3a.access.key\" = def }", "x");
    assertThat(recipe.root().optionalSection("spark", "").orElseThrow().raw())
        .containsEntry("ssl.keyPassword", "abc")
        .containsEntry("hadoop.fs.s3a.access.key", "def");
    assertThat(recipe.resolved())
        .containsEntry("spark.ssl.keyPassword", "(not shown)")
        .containsEntry("spark.hadoop.fs.s3a.access.key", "(not shown)");
  }

  @Test
  void replacedTextsKeepTheirFileAndLine() throws Exception {
    Location main =
        write("main.conf", "steps {\n a { from = \"@b\"\n n = \"@c\" }\n list = [\"@d\", x] }");
    Recipe recipe =
        load(main).withTexts((path, text) -> text.startsWith("@") ? path + ":" + text : text);
    assertThat(recipe.resolved())
        .containsEntry("steps.a.from", "steps.a.from:@b")
        .containsEntry("steps.list", "[\"steps.list:@d\",\"x\"]");
    Settings s = recipe.root();
    s.section("steps", "").ignoring("list").section("a", "").integer("n", "").required();
    assertThatThrownBy(s::finish).hasMessageContaining("main.conf").hasMessageContaining("line 3");
  }
}
