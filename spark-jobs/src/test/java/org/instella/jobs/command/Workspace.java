package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.instella.jobs.progress.StopSignal;

/** Commands called as a user calls them, on a small corpus that is made once. */
final class Workspace {
  /** A tiny run on tokens of the workspace: {@code %s} is the folder of the workspace. */
  static final String TRAIN =
      """
      train {
        seed = 5796
        sequence-length = 32
        global-batch = 4
        micro-batch = 1
        duration = 12 steps
        tokenizer = "%1$s/tokenizer"
        model {
          layers = 1, hidden-size = 16, heads = 2, feed-forward-size = 24
          vocabulary-size = 400, max-positions = 64
        }
        data.sources = [{ path = "%1$s/tokens/stories" }, { path = "%1$s/tokens/questions" }]
        optimizer { learning-rate = 1e-2, clip-norm = 1.0 }
        checkpoint { every = 5 steps, keep = 3, background = false }
      }
      """;

  private final Path folder;

  private Workspace(Path folder) {
    this.folder = folder;
  }

  /** What a command did. */
  record Called(int code, String out, String err) {
    /** The lines of the failure. */
    List<String> problems() {
      return err.lines().toList();
    }
  }

  static Called call(String... arguments) {
    StopSignal.reset();
    return callBeside(arguments);
  }

  /** A call beside another one that is not over. */
  static Called callBeside(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Instella.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    return new Called(code, out.toString(), err.toString());
  }

  /** Corpus, tokenizer and token shards, made by a pipeline. */
  static Workspace make(Path folder) {
    Workspace workspace = new Workspace(folder);
    Path recipe =
        workspace.write(
            "workspace.conf",
            """
            pipeline.steps {
              corpus.demo-corpus { size = small }
              tokenizer.train-tokenizer { vocabulary-size = 400, folders = ["@corpus/train"] }
              tokens.tokenize { tokenizer = "@tokenizer", folders = ["@corpus/train"] }
            }
            spark.ui.enabled = false
            """);
    Called made =
        call(
            "pipeline",
            "--conf",
            recipe.toString(),
            "--output",
            folder.toString(),
            "--master",
            "local[2]");
    assertThat(made.code()).as(made.err()).isZero();
    return workspace;
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  String name(String name) {
    return path(name).toString();
  }

  Path write(String name, String text) {
    try {
      Files.createDirectories(path(name).getParent());
      return Files.writeString(path(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The recipe {@link #TRAIN} for this workspace. */
  Path trainRecipe() {
    return write("train.conf", TRAIN.formatted(folder));
  }

  Called train(String output, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("train", "--conf", trainRecipe().toString(), "--output", name(output)));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--master")) {
      arguments.addAll(List.of("--master", "local[2]"));
    }
    return call(arguments.toArray(String[]::new));
  }

  /** Copies a folder of the workspace. */
  Path copy(String from, String to) {
    try (Stream<Path> all = Files.walk(path(from))) {
      for (Path file : all.toList()) {
        Path target = path(to).resolve(path(from).relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
      return path(to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Flips one bit. */
  static void flip(Path file, long position) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      bytes[(int) position] ^= 1;
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
