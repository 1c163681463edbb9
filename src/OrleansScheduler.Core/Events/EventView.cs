namespace OrleansScheduler.Core;

/// <summary>Something that happened in the cell.</summary>
[GenerateSerializer, Immutable, Alias("osched.EventView")]
public sealed record EventView
{
    /// <summary>Status of an event in the place of others that are lost: whoever keeps a copy of something reads it again.</summary>
    public const string EventsMissing = "EVENTS-MISSING";

    /// <summary>Where it stands in the feed; hand it back to continue behind it.</summary>
    [Id(0)] public string Cursor { get; init; } = "";

    /// <summary>When it happened.</summary>
    [Id(1)] public DateTimeOffset At { get; init; }

    /// <summary><c>task</c>, <c>job</c>, <c>update</c>, <c>cron</c> or <c>node</c>.</summary>
    [Id(2)] public required string Kind { get; init; }

    /// <summary>The job it is about.</summary>
    [Id(3)] public JobKey? Job { get; init; }

    /// <summary>The instance it is about.</summary>
    [Id(4)] public int? Instance { get; init; }

    /// <summary>The attempt it is about.</summary>
    [Id(5)] public int? Attempt { get; init; }

    /// <summary>The node it is about.</summary>
    [Id(6)] public string? Node { get; init; }

    /// <summary>The status that was entered, as its owner names it.</summary>
    [Id(7)] public required string Status { get; init; }

    /// <summary>Why, for people.</summary>
    [Id(8)] public string? Message { get; init; }

    /// <summary>Who asked for it; null when nobody did: the cell's rules or a node brought it about.</summary>
    [Id(9)] public string? Actor { get; init; }
}
