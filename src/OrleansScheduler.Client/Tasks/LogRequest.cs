namespace OrleansScheduler.Client;

/// <summary>Which part of a task's output is wanted.</summary>
public sealed record LogRequest
{
    /// <summary><c>stdout</c> (default) or <c>stderr</c>.</summary>
    public string Stream { get; init; } = "stdout";

    /// <summary>Which process, of a task that has several; null for a task that is one command.</summary>
    public string? Process { get; init; }

    /// <summary>Which attempt; null for the latest.</summary>
    public int? Attempt { get; init; }

    /// <summary>First byte; negative counts from the end. Default 0.</summary>
    public long Offset { get; init; }

    /// <summary>Most bytes of one answer; null leaves it to the gateway.</summary>
    public int? Limit { get; init; }
}
