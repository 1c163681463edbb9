using System.Text.Json.Serialization;

namespace OrleansScheduler.Agent;

/// <summary>Why the agent ends an attempt itself.</summary>
internal enum StopReason
{
    /// <summary>Its job asked for it: it ends KILLED.</summary>
    Kill,

    /// <summary>It failed its health checks: it ends FAILED.</summary>
    Unhealthy,

    /// <summary>No job wants it: it is forgotten without a report.</summary>
    Unwanted,

    /// <summary>It used more than it may: it ends FAILED.</summary>
    OverLimit,
}

/// <summary>What the agent keeps on disk about an attempt from the moment it accepts it until its end is acknowledged.</summary>
internal sealed record AttemptRecord
{
    /// <summary>The attempt's name, such as <c>shop/prod/web/3#2</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it runs, as JSON in the form of the job file's <c>task</c>; empty when it was never to run.</summary>
    public required string Spec { get; init; }

    /// <summary>Its ports, in the order of the spec's.</summary>
    public ImmutableArray<int> Ports { get; init; } = [];

    /// <summary>Numbers of its GPUs.</summary>
    public ImmutableArray<int> Devices { get; init; } = [];

    /// <summary>Items of sets that it has, as <c>set=item</c>.</summary>
    public ImmutableArray<string> Items { get; init; } = [];

    /// <summary>Whether it must not outlive the node's lease.</summary>
    public bool Strict { get; init; }

    /// <summary>The boot of the machine in which it was accepted: no process outlives it.</summary>
    public required string BootId { get; init; }

    /// <summary>STARTING, RUNNING, FINISHED, FAILED, KILLED or LOST.</summary>
    public ScheduleStatus Status { get; init; } = ScheduleStatus.Starting;

    /// <summary>Since when it is in this status.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Exit code, when it ended by exiting.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Signal, when one ended it.</summary>
    public int? Signal { get; init; }

    /// <summary>Why it is in this status, for people.</summary>
    public string? Message { get; init; }

    /// <summary>Whether it takes work, while it runs and has a readiness probe; else null.</summary>
    public bool? IsReady { get; init; }

    /// <summary>What changes of its readiness have added to the number of its reports.</summary>
    public long Turns { get; init; }

    /// <summary>Set once the agent is ending it, so that the next agent carries on.</summary>
    public StopReason? Stop { get; init; }

    /// <summary>Why it is being ended, for people.</summary>
    public string? StopMessage { get; init; }

    /// <summary>
    /// Number of the report that says this. Follows from the status, so that it can never go back, whatever is lost; and from the time,
    /// where readiness changes.
    /// </summary>
    [JsonIgnore]
    public long Sequence => Status switch
    {
        ScheduleStatus.Starting => 1,
        ScheduleStatus.Running => 2 + Turns,
        _ => 3 + Turns,
    };

    /// <summary>Whether the cell is told about it.</summary>
    [JsonIgnore]
    public bool IsReported => Stop is not StopReason.Unwanted;
}
