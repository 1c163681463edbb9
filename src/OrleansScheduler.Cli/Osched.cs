using System.CommandLine;
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
                new() { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
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
            TaskCommands.Create(shell),
            NodeCommands.Create(shell),
            ExplainCommand.Create(shell),
            EventsCommand.Create(shell),
            CellCommands.Create(shell),
            SiloCommand.Create(shell),
            GatewayCommand.Create(shell),
            AgentCommand.Create(shell),
            CompletionCommand.Create(shell),
            ExampleCommands.Create(shell),
        };
        shell.Globals.AddTo(root);
        Help.AddTo(root);
        return root;
    }

    private static int Refuse(ParseResult parse, TextWriter error)
    {
        var command = parse.CommandResult.Command;
        foreach (var message in parse.Errors.Select(e => e.Message).Distinct()) error.WriteLine($"osched: {message}");
        if (parse.UnmatchedTokens is [var typed, ..])
        {
            var words = typed.StartsWith('-')
                ? command.Options.Where(option => !option.Hidden).Select(option => option.Name)
                : command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name);
            if (Suggestion.For(typed, words) is { } meant) error.WriteLine($"Did you mean '{meant}'?");
        }

        var path = string.Join(' ', command.Parents.OfType<Verb>().Reverse().Append(command).OfType<Verb>().Select(verb => verb.Name));
        error.WriteLine($"See 'osched {(path.Length > 0 ? path + " " : "")}--help'.");
        return ExitCode.Usage;
    }
}
