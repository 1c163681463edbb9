namespace OrleansScheduler.Contracts;

/// <summary>One exchange with a command that runs in a task; the first one starts it.</summary>
[GenerateSerializer, Immutable, Alias("osched.ExecRequest")]
public sealed record ExecRequest
{
    /// <summary>Empty in the first exchange, then what its answer said.</summary>
    [Id(0)] public string Session { get; init; } = "";

    /// <summary>The argument vector, in the first exchange.</summary>
    [Id(1)] public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>What kind of terminal it gets, such as <c>xterm</c>; null for none.</summary>
    [Id(2)] public string? Terminal { get; init; }

    /// <summary>Lines of the terminal; 0 leaves it as it is.</summary>
    [Id(3)] public int Rows { get; init; }

    /// <summary>Columns of the terminal; 0 leaves it as it is.</summary>
    [Id(4)] public int Columns { get; init; }

    /// <summary>What it is to read.</summary>
    [Id(5)] public ImmutableArray<byte> Input { get; init; } = [];

    /// <summary>Whether that was the last of it.</summary>
    [Id(6)] public bool InputEnded { get; init; }

    /// <summary>How long to wait for output when there is none; zero leaves output for another exchange.</summary>
    [Id(7)] public TimeSpan Wait { get; init; }

    /// <summary>Whether it is to be ended, whatever it does.</summary>
    [Id(8)] public bool Close { get; init; }

    /// <summary>Who asks.</summary>
    [Id(9)] public string Actor { get; init; } = "";
}

/// <summary>What came of an exchange.</summary>
/// <param name="Session">Names the command in further exchanges.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Error">What it wrote as errors; nothing when it has a terminal.</param>
/// <param name="InputTaken">How much of the input was taken; the rest is to be sent again.</param>
/// <param name="ExitCode">How it ended, once all that it wrote has been handed over; null while it runs.</param>
[GenerateSerializer, Immutable, Alias("osched.ExecAnswer")]
public sealed record ExecAnswer([property: Id(0)] string Session, [property: Id(1)] ImmutableArray<byte> Output,
    [property: Id(2)] ImmutableArray<byte> Error, [property: Id(3)] int InputTaken, [property: Id(4)] int? ExitCode);
