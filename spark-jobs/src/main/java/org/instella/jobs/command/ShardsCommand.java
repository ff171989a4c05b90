package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.tokenize.shard.DocumentRef;
import org.instella.tokenize.shard.ShardVerifier;
import org.instella.tokenize.shard.TokenDataset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Token data sets looked at, checked and searched. */
@Command(
    name = "shards",
    description = "Looks at, checks, searches and converts token data sets.",
    subcommands = {
      ShardsCommand.Inspect.class,
      ShardsCommand.Verify.class,
      ShardsCommand.Find.class,
      ShardsConvert.class
    })
final class ShardsCommand implements Runnable {
  @Spec CommandSpec spec;

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /** What every subcommand has. */
  abstract static class OnDataset implements Callable<Integer> {
    @Parameters(paramLabel = "FOLDER", description = "A token data set: one source.")
    private Location folder;

    @Option(names = "--debug", description = "Print the stack trace of a failure.")
    private boolean debug;

    @Spec CommandSpec spec;

    abstract void run(Storage storage, TokenDataset dataset, PrintWriter out);

    @Override
    public final Integer call() {
      Storage storage = Storage.standard();
      PrintWriter out = spec.commandLine().getOut();
      run(storage, TokenDataset.open(storage, folder), out);
      out.flush();
      return 0;
    }

    static void print(TokenDataset.Found found, PrintWriter out) {
      DocumentRef document = found.document();
      long from = found.firstTokenOfShard() + document.start();
      out.printf(
          "%s  document %d of %s, %s line %d, tokens %d to %d%n",
          document.id(),
          document.document(),
          found.shard(),
          document.file(),
          document.line(),
          from,
          from + document.tokens());
    }
  }

  /** Counts, or the document at a position. */
  @Command(
      name = "inspect",
      description = "Counts of a data set and its shards; with --at the document of a token.",
      footer = {"%nExample:", "  instella shards inspect tokens/web --at 123456"})
  static final class Inspect extends OnDataset {
    @Option(
        names = "--at",
        paramLabel = "POSITION",
        description = "Position of a token in the data set, from 0.")
    private Long at;

    @Override
    void run(Storage storage, TokenDataset dataset, PrintWriter out) {
      if (at != null) {
        print(dataset.documentAt(at), out);
        return;
      }
      out.printf(
          "%s: source %s, %,d documents, %,d tokens, vocabulary %,d, end of document %d%n",
          dataset.folder(),
          dataset.source(),
          dataset.documents(),
          dataset.tokens(),
          dataset.vocabularySize(),
          dataset.eosId());
      out.printf("  tokenizer %s%n", dataset.tokenizerDigest());
      for (TokenDataset.ShardFact shard : dataset.shards()) {
        out.printf(
            "  %s %,d documents, %,d tokens%n", shard.name(), shard.documents(), shard.tokens());
      }
    }
  }

  /** Reads everything again. */
  @Command(
      name = "verify",
      description = "Reads every file again: digests, offsets, ids, index.",
      footer = {"%nExample:", "  instella shards verify tokens/web"})
  static final class Verify extends OnDataset {
    @Override
    void run(Storage storage, TokenDataset dataset, PrintWriter out) {
      ShardVerifier.verify(storage, dataset);
      out.printf(
          "%s: %d shards, %,d tokens are what the manifest says%n",
          dataset.folder(), dataset.shards().size(), dataset.tokens());
    }
  }

  /** From a document's id to its place. */
  @Command(
      name = "find",
      description = "Finds a document by its id.",
      footer = {"%nExample:", "  instella shards find tokens/web --id 0af3"})
  static final class Find extends OnDataset {
    @Option(names = "--id", required = true, description = "Id of the document.")
    private String id;

    @Override
    void run(Storage storage, TokenDataset dataset, PrintWriter out) {
      List<TokenDataset.Found> found = dataset.find(id);
      if (found.isEmpty()) {
        throw new org.instella.conf.error.DataException(
            JobError.BAD_INPUT, "%s has no document %s".formatted(dataset.folder(), id));
      }
      found.forEach(document -> print(document, out));
    }
  }
}
