using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary>A command of <c>osched</c> with the examples its help starts with.</summary>
internal sealed class Verb : Command
{
    private readonly GlobalOptions _globals;
    private readonly Terminal _terminal;

    /// <summary>A verb, or a noun that holds verbs.</summary>
    /// <param name="shell">What all verbs share.</param>
    /// <param name="name">The word that is typed.</param>
    /// <param name="description">One sentence for the help.</param>
    /// <param name="examples">Command lines, without the leading <c>osched</c>.</param>
    public Verb(Shell shell, string name, string description, params string[] examples) : base(name, description)
    {
        (_globals, _terminal) = (shell.Globals, shell.Terminal);
        Examples = examples;
    }

    /// <summary>Command lines, without the leading <c>osched</c>.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>Says what the verb does; the result is the exit code.</summary>
    public Verb Runs(Func<Session, CancellationToken, Task<int>> run)
    {
        SetAction(async (parse, cancellationToken) =>
        {
            using var session = new Session(_terminal, _globals, parse);
            return await run(session, cancellationToken);
        });
        return this;
    }

    /// <summary>Adds options, arguments and verbs.</summary>
    public Verb With(params ReadOnlySpan<Symbol> symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option: Add(option); break;
                case Argument argument: Add(argument); break;
                case Command command: Add(command); break;
                default: throw new InvariantException($"{symbol.Name} is nothing that a verb holds");
            }
        }

        return this;
    }
}

/// <summary>What all verbs share while the command tree is built.</summary>
internal sealed record Shell(Terminal Terminal, GlobalOptions Globals);
