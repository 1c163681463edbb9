namespace OrleansScheduler.Core;

/// <summary>How long a job that is at rest remembers tasks that have ended (Aurora's history pruning, with its defaults).</summary>
/// <param name="Keep">Older ones are removed.</param>
/// <param name="PerJob">Of the others so many are kept, the latest.</param>
/// <param name="AtLeast">Younger ones are kept in any case.</param>
public sealed record TaskHistoryPolicy(TimeSpan Keep, int PerJob, TimeSpan AtLeast)
{
    /// <summary>Two days, a hundred tasks, an hour.</summary>
    public static readonly TaskHistoryPolicy Default = new(TimeSpan.FromDays(2), 100, TimeSpan.FromHours(1));
}

/// <summary>What is left of tasks that have been removed because they were old: how many had ended how.</summary>
/// <param name="Below">Instances below this have run, also those that there is no record of any more.</param>
/// <param name="Counts">How many by the name of their status.</param>
[GenerateSerializer, Immutable, Alias("osched.PrunedTasks")]
public sealed record PrunedTasks(
    [property: Id(0)] int Below, [property: Id(1)] ImmutableSortedDictionary<string, int> Counts)
{
    /// <summary>None.</summary>
    public static readonly PrunedTasks None = new(0, ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal));

    /// <summary>The same with one more.</summary>
    public PrunedTasks With(ScheduleStatus status) =>
        this with { Counts = Counts.SetItem(status.ToName(), Counts.GetValueOrDefault(status.ToName()) + 1) };
}
