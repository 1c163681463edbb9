namespace OrleansScheduler.Core;

/// <summary>A task as users see it: one instance, with its latest attempt.</summary>
[GenerateSerializer, Immutable, Alias("osched.TaskView")]
public sealed record TaskView
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Job { get; init; }

    /// <summary>Which instance, from 0.</summary>
    [Id(1)] public int Instance { get; init; }

    /// <summary>Which attempt of it, from 1.</summary>
    [Id(2)] public int Attempt { get; init; }

    /// <summary>Where it is in its life.</summary>
    [Id(3)] public ScheduleStatus Status { get; init; }

    /// <summary>Node of the latest attempt; null while it has none.</summary>
    [Id(4)] public string? Node { get; init; }

    /// <summary>Ports it got, by name.</summary>
    [Id(5)] public required ImmutableSortedDictionary<string, int> Ports { get; init; }

    /// <summary>Version of the job that it runs.</summary>
    [Id(6)] public int Version { get; init; }

    /// <summary>Failures that count against its retries.</summary>
    [Id(7)] public int Failures { get; init; }

    /// <summary>Exit code of the latest attempt that ended; null while none has, or when a signal ended it.</summary>
    [Id(8)] public int? ExitCode { get; init; }

    /// <summary>Signal that ended the latest attempt; null when none did.</summary>
    [Id(9)] public int? Signal { get; init; }

    /// <summary>Why it is in this status; null when there is nothing to say.</summary>
    [Id(10)] public string? Message { get; init; }

    /// <summary>Since when it is in this status.</summary>
    [Id(11)] public DateTimeOffset Since { get; init; }

    /// <summary>Until when a THROTTLED task waits.</summary>
    [Id(12)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Its last events, oldest first, over all attempts.</summary>
    [Id(13)] public ImmutableArray<TaskHistoryEntry> History { get; init; } = [];

    /// <summary>Numbers of the GPUs of the latest attempt on its node.</summary>
    [Id(14)] public ImmutableArray<int> Devices { get; init; } = [];

    /// <summary>Items of sets that the latest attempt has on its node, as <c>set=item</c>.</summary>
    [Id(15)] public ImmutableArray<string> Items { get; init; } = [];

    /// <summary>Whether one that runs takes work; null when it has no readiness probe, or does not run.</summary>
    [Id(16)] public bool? Ready { get; init; }

    /// <summary>What it uses, as its agent last measured it; null when nobody has lately, and in lists.</summary>
    [Id(20)] public TaskUse? Use { get; init; }
}

/// <summary>One line of a task's history.</summary>
/// <param name="At">When.</param>
/// <param name="Attempt">Which attempt it was about.</param>
/// <param name="Status">The status that was entered.</param>
/// <param name="Message">Why; null when there is nothing to say.</param>
/// <param name="Node">The node, when one was involved.</param>
[GenerateSerializer, Immutable, Alias("osched.TaskHistoryEntry")]
public readonly record struct TaskHistoryEntry(
    [property: Id(0)] DateTimeOffset At, [property: Id(1)] int Attempt, [property: Id(2)] ScheduleStatus Status,
    [property: Id(3)] string? Message, [property: Id(4)] string? Node);

/// <summary>A piece of a task's output.</summary>
/// <param name="Attempt">The attempt it is from.</param>
/// <param name="Offset">Where <see cref="Data"/> starts in the whole output, in bytes.</param>
/// <param name="Data">The bytes; empty when there is nothing new.</param>
/// <param name="Ended">Whether the attempt has ended and nothing follows <see cref="Data"/>.</param>
[GenerateSerializer, Immutable, Alias("osched.LogChunk")]
public sealed record LogChunk([property: Id(0)] int Attempt, [property: Id(1)] long Offset, [property: Id(2)] ImmutableArray<byte> Data,
    [property: Id(3)] bool Ended);
