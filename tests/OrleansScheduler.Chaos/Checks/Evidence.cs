namespace OrleansScheduler.Chaos;

/// <summary>All that a run left to be judged by.</summary>
internal sealed record Evidence
{
    /// <summary>What clients and faults did.</summary>
    public ImmutableArray<HistoryEvent> History { get; init; } = [];

    /// <summary>What the tasks did.</summary>
    public ImmutableArray<WitnessLine> Witness { get; init; } = [];

    /// <summary>Attempts whose processes a fault killed.</summary>
    public ImmutableHashSet<AttemptId> Killed { get; init; } = [];

    /// <summary>Epochs that each agent had written down, in the order in which they were seen.</summary>
    public ImmutableDictionary<string, ImmutableArray<long>> Epochs { get; init; } =
        ImmutableDictionary<string, ImmutableArray<long>>.Empty;

    /// <summary>What each agent had written down of each attempt, in that order.</summary>
    public ImmutableDictionary<(string Agent, AttemptId Attempt), ImmutableArray<ScheduleStatus>> Words { get; init; } =
        ImmutableDictionary<(string Agent, AttemptId Attempt), ImmutableArray<ScheduleStatus>>.Empty;

    /// <summary>The events that somebody read who followed the feed, in that order.</summary>
    public ImmutableArray<SeenEvent> Events { get; init; } = [];

    /// <summary>When the clock of all times here was at 0, by the clock that the cell tells times of.</summary>
    public DateTimeOffset Zero { get; init; }

    /// <summary>What the cell says in the end; null when it could not be asked.</summary>
    public FinalView? Final { get; init; }

    /// <summary>A time that the cell tells, by the clock of all other times here.</summary>
    public double At(DateTimeOffset told) => (told - Zero).TotalSeconds;
}

/// <summary>An event as it was read.</summary>
/// <param name="At">When it was read.</param>
/// <param name="Cursor">Where in the feed it stands; <see cref="EventCheck.Gap"/> when the cell said that some are missing here.</param>
/// <param name="Event">The event; null for a gap.</param>
internal sealed record SeenEvent(double At, string Cursor, EventView? Event);

/// <summary>What the cell and the machine look like when nothing is broken any more and nobody asks for anything.</summary>
internal sealed record FinalView
{
    /// <summary>The cell; null when it does not answer.</summary>
    public CellView? Cell { get; init; }

    /// <summary>Its nodes.</summary>
    public ImmutableArray<NodeView> Nodes { get; init; } = [];

    /// <summary>What could not be read, so that <see cref="Jobs"/> are not all; null when everything could.</summary>
    public string? Unread { get; init; }

    /// <summary>Every job that a client asked for; null for one that does not exist.</summary>
    public ImmutableDictionary<JobKey, JobView?> Jobs { get; init; } = ImmutableDictionary<JobKey, JobView?>.Empty;

    /// <summary>Their tasks, with history.</summary>
    public ImmutableArray<TaskView> Tasks { get; init; } = [];

    /// <summary>Attempts that processes of this machine carry the name of.</summary>
    public ImmutableHashSet<AttemptId> Alive { get; init; } = [];

    /// <summary>Seconds until what the cell says, what it has reserved and what runs were the same.</summary>
    public double AgreedAfter { get; init; }

    /// <summary>What still differs when the time was over; null when nothing does.</summary>
    public string? Differs { get; init; }

    /// <summary>The attempt that a task is at.</summary>
    public static AttemptId AttemptOf(TaskView task) => new(task.Job, task.Instance, task.Attempt);

    /// <summary>Whether a task is on a node.</summary>
    public static bool IsPlaced(TaskView task) =>
        !task.Status.IsTerminal() && task.Status is not (ScheduleStatus.Init or ScheduleStatus.Pending or ScheduleStatus.Throttled);
}
