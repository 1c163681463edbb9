using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>How long a job means to live.</summary>
public enum JobType
{
    /// <summary>Runs for ever: an instance that ends is replaced, whatever its exit code.</summary>
    Service,

    /// <summary>Runs to its end: an instance that exits 0 is done, one that fails is retried within <see cref="RetryPolicy"/>.</summary>
    Batch,

    /// <summary>A batch job started by the clock.</summary>
    Cron,
}

/// <summary>How a task may be displaced by others (Aurora's tiers).</summary>
public enum Tier
{
    /// <summary>May not be preempted by another role.</summary>
    Preferred,

    /// <summary>May be preempted by preferred tasks.</summary>
    Preemptible,

    /// <summary>Runs on resources that others reserved and do not use just now.</summary>
    Revocable,
}

/// <summary>Everything a user says about a job: what a job file holds after parsing, defaults filled in.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobSpec")]
[JsonConverter(typeof(JobSpecJsonConverter))]
public sealed record JobSpec
{
    /// <summary>The job's name within its cell.</summary>
    [Id(0)] public required JobKey Key { get; init; }

    /// <summary>Service, batch or cron.</summary>
    [Id(1)] public required JobType Type { get; init; }

    /// <summary>How many instances run, 1 to <see cref="JobLimits.MaxInstances"/>. Default 1.</summary>
    [Id(2)] public int Instances { get; init; } = 1;

    /// <summary>Order within the role; higher goes first. Default 0.</summary>
    [Id(3)] public int Priority { get; init; }

    /// <summary>Who may displace it. Default <see cref="Tier.Preemptible"/>, as Aurora.</summary>
    [Id(4)] public Tier Tier { get; init; } = Tier.Preemptible;

    /// <summary>When a cron job starts; null for the other types.</summary>
    [Id(5)] public CronSchedule? Schedule { get; init; }

    /// <summary>What each instance runs.</summary>
    [Id(6)] public required TaskSpec Task { get; init; }

    /// <summary>What happens after failures.</summary>
    [Id(7)] public RetryPolicy Retry { get; init; } = new();

    /// <summary>Where instances may go; all must hold.</summary>
    [Id(8)] public ImmutableArray<Constraint> Constraints { get; init; } = [];

    /// <summary>How a new version replaces the old one.</summary>
    [Id(9)] public UpdatePolicy Update { get; init; } = new();

    /// <summary>How many instances maintenance must leave running; null when the job does not say.</summary>
    [Id(10)] public SlaPolicy? Sla { get; init; }

    /// <summary>What happens to instances on a node that nobody can reach.</summary>
    [Id(11)] public PartitionPolicy Partition { get; init; } = new();

    /// <summary>Whether all instances get nodes at once or none does. Default false.</summary>
    [Id(12)] public bool Gang { get; init; }

    /// <summary>How long an instance may run before it is killed; null for ever. Not for services.</summary>
    [Id(13)] public TimeSpan? TimeLimit { get; init; }

    /// <summary>Jobs that have to succeed before this one starts, see <see cref="DependencyState.Met"/>. Not for cron jobs.</summary>
    [Id(14)] public ImmutableArray<JobKey> After { get; init; } = [];

    /// <summary>
    /// Batch and cron jobs: the job has succeeded, and what still runs of it is stopped, when so many instances have. Null for all.
    /// </summary>
    [Id(15)] public int? MinSuccesses { get; init; }

    /// <summary>How a service gets more or fewer instances by itself; null when it keeps <see cref="Instances"/>.</summary>
    [Id(16)] public ScalePolicy? Scale { get; init; }

    /// <summary>Structural equality, arrays and maps by content: two files that say the same thing give equal specs.</summary>
    public bool Equals(JobSpec? other) => other is not null && SpecEquality.Equal(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Type, Instances, Priority);

    /// <summary>
    /// Whether a running instance of <paramref name="other"/> already is what this spec asks for, so that no restart is needed.
    /// </summary>
    /// <remarks>The task and its constraints decide; counts, priority, limits of time and policies change in place.</remarks>
    public bool RunsTheSameAs(JobSpec other) => SpecEquality.SameRun(this, other);
}
