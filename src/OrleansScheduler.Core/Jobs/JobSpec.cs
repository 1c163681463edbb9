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

    /// <summary>Structural equality, arrays and maps by content: two files that say the same thing give equal specs.</summary>
    public bool Equals(JobSpec? other) => other is not null && SpecEquality.Equal(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Type, Instances, Priority);

    /// <summary>Whether a running instance of <paramref name="other"/> already is what this spec asks for, so that no restart is needed.</summary>
    /// <remarks>The task and its constraints decide; counts, priority and policies change in place.</remarks>
    public bool RunsTheSameAs(JobSpec other) => SpecEquality.SameRun(this, other);
}

/// <summary>What one instance runs, with what resources, and how its health and its end are handled.</summary>
[GenerateSerializer, Immutable, Alias("osched.TaskSpec")]
[JsonConverter(typeof(TaskSpecJsonConverter))]
public sealed record TaskSpec
{
    /// <summary>Which driver starts it: <c>process</c> (default) or <c>container</c>.</summary>
    [Id(0)] public string Driver { get; init; } = "process";

    /// <summary>The argument vector. A string in the job file becomes <c>/bin/sh -c string</c>. Empty when <see cref="Processes"/> are given.</summary>
    [Id(1)] public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>Image reference, for the container driver.</summary>
    [Id(2)] public string? Image { get; init; }

    /// <summary>Ordered steps instead of <see cref="Command"/>.</summary>
    [Id(3)] public ImmutableArray<ProcessSpec> Processes { get; init; } = [];

    /// <summary>Variables added to the task's environment. <c>${PORT_HTTP}</c>, <c>${INSTANCE}</c> and the like are replaced in values and in the command.</summary>
    [Id(4)] public ImmutableSortedDictionary<string, string> Env { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Account the task runs as; null means the agent's own.</summary>
    [Id(5)] public string? User { get; init; }

    /// <summary>Files fetched into the sandbox before the start.</summary>
    [Id(6)] public ImmutableArray<ArtifactSpec> Artifacts { get; init; } = [];

    /// <summary>What one instance needs.</summary>
    [Id(7)] public Resources Resources { get; init; } = new(CpuMillis: 100, MemoryMiB: 64, DiskMiB: 0, GpuMillis: 0);

    /// <summary>Names of the ports one instance needs; each becomes <c>PORT_&lt;NAME&gt;</c>.</summary>
    [Id(8)] public ImmutableArray<string> Ports { get; init; } = [];

    /// <summary>How it shows that it is well; null means running is well enough.</summary>
    [Id(9)] public HealthSpec? Health { get; init; }

    /// <summary>How it is asked to stop.</summary>
    [Id(10)] public KillSpec Kill { get; init; } = new();

    /// <summary>How much of its output is kept.</summary>
    [Id(11)] public LogSpec Logs { get; init; } = new();

    /// <summary>Structural equality.</summary>
    public bool Equals(TaskSpec? other) => other is not null && SpecEquality.Equal(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Driver, Command.Length, Image, Resources);
}

/// <summary>One step of a task that has several (Thermos' process).</summary>
[GenerateSerializer, Immutable, Alias("osched.ProcessSpec")]
public sealed record ProcessSpec
{
    /// <summary>Its name within the task.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The argument vector.</summary>
    [Id(1)] public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>Names of the steps that must have succeeded before.</summary>
    [Id(2)] public ImmutableArray<string> After { get; init; } = [];

    /// <summary>Failures after which the step has failed. Default 1; 0 means never.</summary>
    [Id(3)] public int MaxFailures { get; init; } = 1;

    /// <summary>Runs beside the others and is started again when it ends.</summary>
    [Id(4)] public bool Daemon { get; init; }

    /// <summary>Its failures do not count against the task.</summary>
    [Id(5)] public bool Ephemeral { get; init; }

    /// <summary>Runs after all others have ended, whatever their end.</summary>
    [Id(6)] public bool Final { get; init; }
}

/// <summary>A file brought into the sandbox before the start.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Extract">Whether it is an archive to unpack.</param>
/// <param name="Checksum">Expected digest as <c>sha256:hex</c>, or null.</param>
[GenerateSerializer, Immutable, Alias("osched.ArtifactSpec")]
public sealed record ArtifactSpec([property: Id(0)] string Source, [property: Id(1)] bool Extract, [property: Id(2)] string? Checksum);

/// <summary>How the agent asks an instance whether it is well.</summary>
[GenerateSerializer, Immutable, Alias("osched.HealthSpec")]
public sealed record HealthSpec
{
    /// <summary>Which probe is used; exactly one kind.</summary>
    [Id(0)] public required HealthProbe Probe { get; init; }

    /// <summary>Failures in this time after the start are forgiven. Default 15 s.</summary>
    [Id(1)] public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time between two probes. Default 10 s.</summary>
    [Id(2)] public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A probe that takes longer has failed. Default 1 s.</summary>
    [Id(3)] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>More consecutive failures than this fail the task. Default 0, as Aurora.</summary>
    [Id(4)] public int MaxFailures { get; init; }

    /// <summary>Consecutive successes needed before the task counts as RUNNING. Default 1.</summary>
    [Id(5)] public int MinSuccesses { get; init; } = 1;
}

/// <summary>One way to ask for health.</summary>
[GenerateSerializer, Immutable, Alias("osched.HealthProbe")]
public abstract record HealthProbe
{
    /// <summary>GET on a named port; any 2xx or 3xx is well.</summary>
    /// <param name="Port">Name of the port.</param>
    /// <param name="Path">Path and query, starting with a slash.</param>
    [GenerateSerializer, Immutable, Alias("osched.HealthProbe.Http")]
    public sealed record Http([property: Id(0)] string Port, [property: Id(1)] string Path) : HealthProbe;

    /// <summary>A connection to a named port can be opened.</summary>
    /// <param name="Port">Name of the port.</param>
    [GenerateSerializer, Immutable, Alias("osched.HealthProbe.Tcp")]
    public sealed record Tcp([property: Id(0)] string Port) : HealthProbe;

    /// <summary>A command in the sandbox exits 0.</summary>
    /// <param name="Arguments">The argument vector.</param>
    [GenerateSerializer, Immutable, Alias("osched.HealthProbe.Command")]
    public sealed record Command([property: Id(0)] ImmutableArray<string> Arguments) : HealthProbe
    {
        /// <summary>Structural equality.</summary>
        public bool Equals(Command? other) => other is not null && Arguments.AsSpan().SequenceEqual(other.Arguments.AsSpan());

        /// <inheritdoc/>
        public override int GetHashCode() => Arguments.Length;
    }
}

/// <summary>How an instance is stopped: graceful endpoint, then SIGTERM, then SIGKILL of everything that is left.</summary>
[GenerateSerializer, Immutable, Alias("osched.KillSpec")]
public sealed record KillSpec
{
    /// <summary>Time between SIGTERM and SIGKILL. Default 5 s.</summary>
    [Id(0)] public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Path that is POSTed on the first port before SIGTERM; null for none.</summary>
    [Id(1)] public string? GracefulShutdown { get; init; }
}

/// <summary>How much output of an instance is kept.</summary>
[GenerateSerializer, Immutable, Alias("osched.LogSpec")]
public sealed record LogSpec
{
    /// <summary>Size at which a log file is rotated, in MiB. Default 100.</summary>
    [Id(0)] public long RotateSizeMiB { get; init; } = 100;

    /// <summary>How many rotated files are kept. Default 5.</summary>
    [Id(1)] public int Keep { get; init; } = 5;
}

/// <summary>What happens after failures (Aurora's max_task_failures and flapping penalties).</summary>
[GenerateSerializer, Immutable, Alias("osched.RetryPolicy")]
public sealed record RetryPolicy
{
    /// <summary>Failures after which an instance of a batch job has failed for good. Default 1, so no retry; -1 retries for ever. Services ignore it.</summary>
    [Id(0)] public int MaxFailures { get; init; } = 1;

    /// <summary>First penalty of an instance that ended too soon. Default 30 s.</summary>
    [Id(1)] public TimeSpan BackoffInitial { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest penalty; also the age before which an end counts as too soon. Default 5 min.</summary>
    [Id(2)] public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>A rule about which nodes an instance may run on.</summary>
[GenerateSerializer, Immutable, Alias("osched.Constraint")]
public abstract record Constraint([property: Id(0)] string Attribute)
{
    /// <summary>The node's attribute has one of the values, or none of them when negated. A node without the attribute satisfies only the negated form.</summary>
    /// <param name="Attribute">Attribute name.</param>
    /// <param name="Values">Accepted (or refused) values.</param>
    /// <param name="Negated">Whether the values are refused.</param>
    [GenerateSerializer, Immutable, Alias("osched.Constraint.Value")]
    public sealed record Value(string Attribute, [property: Id(0)] ImmutableArray<string> Values, [property: Id(1)] bool Negated) : Constraint(Attribute)
    {
        /// <summary>Structural equality.</summary>
        public bool Equals(Value? other) => other is not null && Attribute == other.Attribute && Negated == other.Negated
            && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Attribute, Values.Length, Negated);
    }

    /// <summary>At most <paramref name="Count"/> instances of the job run on nodes that share a value of the attribute. A node without the attribute does not qualify.</summary>
    /// <param name="Attribute">Attribute name.</param>
    /// <param name="Count">Most instances per value, at least 1.</param>
    [GenerateSerializer, Immutable, Alias("osched.Constraint.Limit")]
    public sealed record Limit(string Attribute, [property: Id(0)] int Count) : Constraint(Attribute);
}

/// <summary>How instances move to a new version.</summary>
[GenerateSerializer, Immutable, Alias("osched.UpdatePolicy")]
public sealed record UpdatePolicy
{
    /// <summary><c>queue</c> keeps up to <see cref="Batch"/> instances in flight. Default <c>queue</c>.</summary>
    [Id(0)] public string Strategy { get; init; } = "queue";

    /// <summary>Instances in flight at once. Default 1.</summary>
    [Id(1)] public int Batch { get; init; } = 1;

    /// <summary>How long an instance must run to count as updated. Default 45 s.</summary>
    [Id(2)] public TimeSpan Watch { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Failures of one instance that are tolerated during the update. Default 0.</summary>
    [Id(3)] public int MaxInstanceFailures { get; init; }

    /// <summary>Failed instances that are tolerated before the update fails. Default 0.</summary>
    [Id(4)] public int MaxFailedInstances { get; init; }

    /// <summary>Whether a failed update goes back to the version before. Default true.</summary>
    [Id(5)] public bool Rollback { get; init; } = true;

    /// <summary>Longest silence of the pulse that the update tolerates; null for an update without pulse.</summary>
    [Id(6)] public TimeSpan? Pulse { get; init; }

    /// <summary>Whether the update waits for <see cref="JobSpec.Sla"/> before it stops an instance.</summary>
    [Id(7)] public bool SlaAware { get; init; }
}

/// <summary>What maintenance must leave running.</summary>
/// <param name="Percentage">Share of instances, 0 to 100, or null.</param>
/// <param name="Count">Number of instances, or null.</param>
/// <param name="Duration">How long an instance must have run to count.</param>
[GenerateSerializer, Immutable, Alias("osched.SlaPolicy")]
public sealed record SlaPolicy([property: Id(0)] double? Percentage, [property: Id(1)] int? Count, [property: Id(2)] TimeSpan Duration);

/// <summary>What happens to instances on a node that nobody can reach.</summary>
[GenerateSerializer, Immutable, Alias("osched.PartitionPolicy")]
public sealed record PartitionPolicy
{
    /// <summary>Whether they are replaced elsewhere. Default true.</summary>
    [Id(0)] public bool Reschedule { get; init; } = true;

    /// <summary>How long to wait before replacing them. Default none.</summary>
    [Id(1)] public TimeSpan Delay { get; init; }
}

/// <summary>What a cron job does when it is due while its last run is still going.</summary>
public enum CronCollision
{
    /// <summary>The old run is killed, then the new one starts.</summary>
    KillExisting,

    /// <summary>The new run is skipped.</summary>
    CancelNew,

    /// <summary>Both run.</summary>
    Allow,
}

/// <summary>When a cron job starts.</summary>
/// <param name="Expression">Five fields: minute, hour, day of month, month, day of week.</param>
/// <param name="TimeZone">IANA zone name. Default UTC.</param>
/// <param name="Collision">What happens on overlap.</param>
[GenerateSerializer, Immutable, Alias("osched.CronSchedule")]
public sealed record CronSchedule([property: Id(0)] string Expression, [property: Id(1)] string TimeZone, [property: Id(2)] CronCollision Collision);
