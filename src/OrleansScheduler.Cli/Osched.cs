using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;

namespace OrleansScheduler.Cli;

/// <summary>The command itself: builds the tree of verbs, runs the one that was typed, and gives its exit code.</summary>
internal static class Osched
{
    /// <summary>Runs on the process' own terminal; Ctrl-C and SIGTERM end it in good order, a second one at once.</summary>
    public static async Task<int> RunAsProcessAsync(string[] args)
    {
        using var interrupted = new CancellationTokenSource();
        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        return await RunAsync(args, Terminal.OfProcess(), interrupted.Token);
    }

    /// <summary>Runs one command line.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        var parse = CreateRoot(terminal).Parse(args);
        if (parse.Errors.Count > 0 && parse.Action is not Help) return Refuse(parse, terminal.Error);
        try
        {
            return await parse.InvokeAsync(
                new()
                {
                    Output = terminal.Output,
                    Error = terminal.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (IOException e)
        {
            terminal.Error.WriteLine($"osched: {e.Message}");
            return ExitCode.Failed;
        }
    }

    /// <summary>The tree of verbs.</summary>
    public static RootCommand CreateRoot(Terminal terminal)
    {
        var shell = new Shell(terminal, new(terminal));
        var root = new RootCommand("A cluster scheduler: hand it jobs, it runs them on your machines and keeps them running.")
        {
            DemoCommand.Create(shell),
            DevCommand.Create(shell),
            JobCommands.Create(shell),
            CronCommands.Create(shell),
            UpdateCommands.Create(shell),
            TaskCommands.Create(shell),
            ServiceCommands.Create(shell),
            NodeCommands.Create(shell),
            ExplainCommand.Create(shell),
            WhatIfCommand.Create(shell),
            QuotaCommands.Create(shell),
            EventsCommand.Create(shell),
            CellCommands.Create(shell),
            SiloCommand.Create(shell),
            GatewayCommand.Create(shell),
            AgentCommand.Create(shell),
            SimulateCommand.Create(shell),
            BenchCommand.Create(shell),
            CompletionCommand.Create(shell),
            ExampleCommands.Create(shell),
        };
        shell.Globals.AddTo(root);
        Help.AddTo(root);
        root.Options.First(option => option.Name == "--version").Action = new PrintVersion();
        return root;
    }

    private static int Refuse(ParseResult parse, TextWriter error)
    {
        var command = parse.CommandResult.Command;
        var path = string.Join(' ', Path(command));
        if (parse.UnmatchedTokens is [var typed, ..])
        {
            error.WriteLine($"osched: '{typed}' is not {(typed.StartsWith('-') ? "an option" : "a command or argument")} of '{path}'.");
            var words = typed.StartsWith('-')
                ? command.Options.Where(option => !option.Hidden).Select(option => option.Name)
                : command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name);
            if (Suggestion.For(typed, words) is { } meant) error.WriteLine($"Did you mean '{meant}'?");
        }
        else
        {
            foreach (var message in parse.Errors.Select(e => e.Message).Distinct()) error.WriteLine($"osched: {message}");
        }

        error.WriteLine($"See '{path} --help'.");
        return ExitCode.Usage;
    }

    private static IEnumerable<string> Path(Command command) =>
        command is RootCommand ? ["osched"] : Path(command.Parents.OfType<Command>().First()).Append(command.Name);

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"osched {Product.Version}");
            return ExitCode.Ok;
        }
    }
}
