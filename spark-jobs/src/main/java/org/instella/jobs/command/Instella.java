package org.instella.jobs.command;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.storage.Location;
import org.instella.ensemble.MergeWarmUp;
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
    })
public final class Instella implements Runnable {
  private static final String MERGE = "merge";
  private static final Map<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

  static { // in the order in which --help tells of them
    COMMANDS.put("demo", DemoCommand::new);
    COMMANDS.put("pipeline", PipelineCommand::new);
    COMMANDS.put("encode", EncodeCommand::new);
    COMMANDS.put("train-tokenizer", TrainTokenizerCommand::new);
    COMMANDS.put("tokenize", TokenizeCommand::new);
    COMMANDS.put("shards", ShardsCommand::new);
    COMMANDS.put("init", InitCommand::new);
    COMMANDS.put("train", TrainCommand::new);
    COMMANDS.put(MERGE, MergeCommand::new);
    COMMANDS.put("evaluate", EvaluateCommand::new);
    COMMANDS.put("score", ScoreCommand::new);
    COMMANDS.put("generate", GenerateCommand::new);
    COMMANDS.put("chat", ChatCommand::new);
    COMMANDS.put("plan", PlanCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("help", () -> new HelpCommand());
  }

  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals(MERGE)) {
      AheadOfRecipe.begin(); // the other cores have nothing to do yet
      MergeWarmUp.inBackground();
    }
    StopSignal.install();
    ShippedRecipe.takeFolder();
    if (ApplicationMaster.isThis()) {
      ApplicationMaster.run(args);
      return;
    }
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
    addCommands(line, args);
    line.setOut(out);
    line.setErr(err);
    line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    line.setUsageHelpAutoWidth(false);
    line.setUsageHelpWidth(110);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setAbbreviatedOptionsAllowed(false);
    line.registerConverter(Location.class, new LocationConverter());
    List<String> given = List.of(args);
    boolean debug = given.contains("--debug");
    if (given.contains("--version") || given.contains("-V")) {
      provideVersion(line); // not otherwise: picocli asks for it at once, and it asks Spark
    }
    line.setParameterExceptionHandler(new BadArguments(err));
    line.setExecutionExceptionHandler(new Failure(err, debug));
    return line.execute(args);
  }

  /**
   * Only the one that is asked for, where that is clear: reading what they look like takes long.
   */
  private static void addCommands(CommandLine line, String... args) {
    String first = args.length > 0 ? args[0] : "";
    boolean clear = COMMANDS.containsKey(first) && !first.equals("help");
    COMMANDS.forEach(
        (name, command) -> {
          if (!clear || name.equals(first)) {
            line.addSubcommand(name, command.get());
          }
        });
  }

  private static void provideVersion(CommandLine line) {
    line.getCommandSpec().versionProvider(new VersionProvider());
    line.getSubcommands().values().forEach(Instella::provideVersion);
  }

  // Classes with names, not lambdas: making the archive of classes links what a lambda stands for,
  // and a class of picocli's age that has been linked does not get into it, nor do its heirs.

  private static final class LocationConverter implements CommandLine.ITypeConverter<Location> {
    @Override
    public Location convert(String text) {
      return Location.of(text);
    }
  }

  private record Failure(PrintWriter err, boolean debug)
      implements CommandLine.IExecutionExceptionHandler {
    @Override
    public int handleExecutionException(
        Exception e, CommandLine command, CommandLine.ParseResult parsed) {
      return ErrorReport.of(e).print(err, debug, e);
    }
  }

  private record BadArguments(PrintWriter err) implements CommandLine.IParameterExceptionHandler {
    @Override
    public int handleParseException(ParameterException e, String[] arguments) {
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
  }

  /** Without a command: says which there are. */
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
