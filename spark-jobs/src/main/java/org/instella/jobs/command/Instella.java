package org.instella.jobs.command;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.instella.conf.error.ErrorCategory;
import org.instella.jobs.progress.StopSignal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;

/** Entry point of every command; {@code bin/instella COMMAND --help} tells what each does. */
@Command(
    name = "instella",
    synopsisSubcommandLabel = "COMMAND",
    description = "The whole Instella language-model programme as Spark jobs.",
    versionProvider = VersionProvider.class,
    mixinStandardHelpOptions = true,
    scope = CommandLine.ScopeType.INHERIT,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "2:the recipe or the command line is wrong: fix it",
      "3:an input is wrong or damaged: fix or replace it",
      "4:machine, disk, network or cluster failed: run again, or give it what it lacks",
      "5:asked to stop; everything done so far is saved, the same command goes on",
      "70:our mistake: tell us"
    },
    subcommands = {
      DemoCommand.class,
      PipelineCommand.class,
      EncodeCommand.class,
      TrainTokenizerCommand.class,
      TokenizeCommand.class,
      ShardsCommand.class,
      InitCommand.class,
      TrainCommand.class,
      MergeCommand.class,
      EvaluateCommand.class,
      ScoreCommand.class,
      GenerateCommand.class,
      ChatCommand.class,
      PlanCommand.class,
      InspectCommand.class,
      HelpCommand.class
    })
public final class Instella implements Runnable {
  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  public static void main(String[] args) {
    StopSignal.install();
    int code =
        run(
            new PrintWriter(System.out, true, StandardCharsets.UTF_8),
            new PrintWriter(System.err, true, StandardCharsets.UTF_8),
            args);
    System.exit(code);
  }

  /**
   * Runs one command in this process.
   *
   * @param out where results go
   * @param err where the one line of a failure goes
   * @return exit code, see {@link ErrorCategory}
   */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    CommandLine line = new CommandLine(new Instella());
    line.setOut(out);
    line.setErr(err);
    line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    line.setUsageHelpAutoWidth(false);
    line.setUsageHelpWidth(110);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setAbbreviatedOptionsAllowed(false);
    line.registerConverter(
        org.instella.conf.storage.Location.class, org.instella.conf.storage.Location::of);
    boolean debug = java.util.Arrays.asList(args).contains("--debug");
    line.setParameterExceptionHandler((e, given) -> badArguments(e, err));
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> ErrorReport.of(e).print(err, debug, e));
    return line.execute(args);
  }

  private static int badArguments(ParameterException e, PrintWriter err) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName(" ");
    String near =
        e instanceof CommandLine.UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions().stream()
                .findFirst()
                .map(suggestion -> "; did you mean " + suggestion + "?")
                .orElse("")
            : "";
    err.printf("instella: %s%s (see %s --help)%n", e.getMessage(), near, command);
    err.flush();
    return ErrorCategory.CONFIG.exitCode();
  }

  /** Without a command: says which there are. */
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
