using System.Text;

namespace OrleansScheduler.Cli;

/// <summary>Everything around one run of the command: its streams, its environment and its clock.</summary>
internal sealed record Terminal
{
    private static readonly UTF8Encoding PlainUtf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Standard input, for <c>-</c>.</summary>
    public required Stream Input { get; init; }

    /// <summary>Standard output as bytes, for output of tasks that is passed on untouched.</summary>
    public required Stream OutputBytes { get; init; }

    /// <summary>Standard output: data.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard error: progress and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person looks at the output.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Whether a person looks at the progress.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>An environment variable, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where files that outlive a run are kept: <c>$OSCHED_HOME</c>, else <c>$XDG_STATE_HOME/osched</c>, else
    /// <c>~/.local/state/osched</c>.</summary>
    public string StateDirectory => Path.GetFullPath(
        NonEmpty("OSCHED_HOME")
        ?? (NonEmpty("XDG_STATE_HOME") is { } state ? Path.Combine(state, "osched") : null)
        ?? Path.Combine(NonEmpty("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "osched"));

    /// <summary>The terminal that the process was started on.</summary>
    public static Terminal OfProcess()
    {
        var output = Console.OpenStandardOutput();
        return new()
        {
            Input = Console.OpenStandardInput(),
            OutputBytes = output,
            Output = new StreamWriter(output, PlainUtf8) { AutoFlush = true },
            Error = new StreamWriter(Console.OpenStandardError(), PlainUtf8) { AutoFlush = true },
            OutputIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Variable = Environment.GetEnvironmentVariable,
        };
    }

    /// <summary>An environment variable that is set and not empty, else null.</summary>
    public string? NonEmpty(string variable) => Variable(variable) is { Length: > 0 } value ? value : null;

    /// <summary>Whether a stream is coloured: asked for, or a person looks, and neither NO_COLOR nor a dumb terminal says no.</summary>
    public bool UsesColor(ColorChoice choice, bool isTerminal) => choice switch
    {
        ColorChoice.Always => true,
        ColorChoice.Never => false,
        _ => isTerminal && NonEmpty("NO_COLOR") is null && Variable("TERM") is not "dumb",
    };
}

/// <summary>When output is coloured.</summary>
internal enum ColorChoice
{
    /// <summary>When a person looks.</summary>
    Auto,

    /// <summary>Also into pipes and files.</summary>
    Always,

    /// <summary>Not at all.</summary>
    Never,
}

/// <summary>What lists and things are printed as.</summary>
internal enum OutputFormat
{
    /// <summary>Aligned columns.</summary>
    Table,

    /// <summary>Aligned columns, more of them.</summary>
    Wide,

    /// <summary>JSON as the gateway speaks it.</summary>
    Json,

    /// <summary>The same as YAML.</summary>
    Yaml,

    /// <summary>Names only, one a line.</summary>
    Name,
}
