namespace OrleansScheduler.Client;

/// <summary>A command that is to run in a task.</summary>
public sealed record ExecOptions
{
    /// <summary>The argument vector.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>What kind of terminal it gets, such as <c>xterm</c>; null for none.</summary>
    public string? Terminal { get; init; }

    /// <summary>Lines of the terminal; null leaves it to the node.</summary>
    public int? Rows { get; init; }

    /// <summary>Columns of the terminal; null leaves it to the node.</summary>
    public int? Columns { get; init; }

    /// <summary>What it reads; null for nothing.</summary>
    public Stream? Input { get; init; }

    /// <summary>Where its output goes.</summary>
    public required Stream Output { get; init; }

    /// <summary>Where its errors go; with a terminal they are output.</summary>
    public required Stream Error { get; init; }

    /// <summary>Sizes that the terminal gets while the command runs, rows first; null for none.</summary>
    public System.Threading.Channels.ChannelReader<(int Rows, int Columns)>? Sizes { get; init; }
}
