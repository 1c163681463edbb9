using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>What one instance runs, with what resources, and how its health and its end are handled.</summary>
[GenerateSerializer, Immutable, Alias("osched.TaskSpec")]
[JsonConverter(typeof(TaskSpecJsonConverter))]
public sealed record TaskSpec
{
    /// <summary>Which driver starts it, see <see cref="TaskDrivers"/>.</summary>
    [Id(0)] public string Driver { get; init; } = TaskDrivers.Process;

    /// <summary>
    /// The argument vector. A string in the job file becomes <c>/bin/sh -c string</c>. Empty when <see cref="Processes"/> are given.
    /// </summary>
    [Id(1)] public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>The image of a container, see <see cref="ImageName"/>.</summary>
    [Id(2)] public string? Image { get; init; }

    /// <summary>Ordered steps instead of <see cref="Command"/>.</summary>
    [Id(3)] public ImmutableArray<ProcessSpec> Processes { get; init; } = [];

    /// <summary>
    /// Variables added to the task's environment. <c>${PORT_HTTP}</c>, <c>${INSTANCE}</c> and the like are replaced in values and in the
    /// command.
    /// </summary>
    [Id(4)] public ImmutableSortedDictionary<string, string> Env { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Account the task runs as; null means what the node gives to tasks.</summary>
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

    /// <summary>What one instance needs besides <see cref="Resources"/>.</summary>
    [Id(12)] public CustomRequest Custom { get; init; } = CustomRequest.None;

    /// <summary>What only containers have.</summary>
    [Id(13)] public ContainerSpec Container { get; init; } = new();

    /// <summary>Files of its sandbox that say where services are.</summary>
    [Id(15)] public ImmutableArray<TemplateSpec> Templates { get; init; } = [];

    /// <summary>Of several processes: how many may fail for good before the task has failed. Default 1; 0 means any number.</summary>
    [Id(16)] public int MaxFailures { get; init; } = 1;

    /// <summary>Of several processes: how many run at once at most. Default 0, all that may.</summary>
    [Id(17)] public int MaxConcurrency { get; init; }

    /// <summary>Of several processes: how long they have to end when they are asked to, and the final ones for all they do. Default 30
    /// s.</summary>
    [Id(18)] public TimeSpan FinalizationWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What each of its processes may take at most, by the names of <see cref="Rlimit"/>; what is not named is as on the node, and
    /// <c>core</c> 0.
    /// </summary>
    [Id(20)] public ImmutableSortedDictionary<string, long> Rlimits { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

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

    /// <summary>Started again whenever it has succeeded.</summary>
    [Id(4)] public bool Daemon { get; init; }

    /// <summary>The task neither waits for it nor fails with it.</summary>
    [Id(5)] public bool Ephemeral { get; init; }

    /// <summary>Runs after all others have ended, whatever their end.</summary>
    [Id(6)] public bool Final { get; init; }

    /// <summary>Least time between two of its starts. Default 5 s.</summary>
    [Id(7)] public TimeSpan MinDuration { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>A file brought into the sandbox before the start.</summary>
/// <param name="Source">Where it comes from: an http, https or file URL.</param>
/// <param name="Extract">Whether it is an archive to unpack.</param>
/// <param name="Checksum">Expected digest as <c>sha256:hex</c>, or null.</param>
[GenerateSerializer, Immutable, Alias("osched.ArtifactSpec")]
public sealed record ArtifactSpec([property: Id(0)] string Source, [property: Id(1)] bool Extract, [property: Id(2)] string? Checksum)
{
    /// <summary>Where it goes in the sandbox: a file's path, or the directory that an archive is unpacked into. Null means the name that
    /// the source has, or the sandbox itself.</summary>
    [Id(3)] public string? Dest { get; init; }

    /// <summary>Permissions of the file, in octal; null means <c>0644</c>. Archives bring their own.</summary>
    [Id(4)] public string? Mode { get; init; }
}

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

    /// <summary>How it shows that it can take work, apart from being well; null means whenever it is well.</summary>
    [Id(6)] public HealthProbe? Readiness { get; init; }
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

    /// <summary>GET over TLS on a named port; any 2xx or 3xx is well. Certificates are not checked: the port is the task's own, on the
    /// machine that asks.</summary>
    /// <param name="Port">Name of the port.</param>
    /// <param name="Path">Path and query, starting with a slash.</param>
    [GenerateSerializer, Immutable, Alias("osched.HealthProbe.Https")]
    public sealed record Https([property: Id(0)] string Port, [property: Id(1)] string Path) : HealthProbe;

    /// <summary><c>grpc.health.v1.Health/Check</c> on a named port says SERVING.</summary>
    /// <param name="Port">Name of the port.</param>
    /// <param name="Service">The service that is asked for; empty for the server as a whole.</param>
    [GenerateSerializer, Immutable, Alias("osched.HealthProbe.Grpc")]
    public sealed record Grpc([property: Id(0)] string Port, [property: Id(1)] string Service) : HealthProbe;

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

/// <summary>How an instance is stopped: graceful endpoint, shutdown endpoint, SIGTERM, SIGKILL of everything that is left. Each step but
/// the last has the same time.</summary>
[GenerateSerializer, Immutable, Alias("osched.KillSpec")]
public sealed record KillSpec
{
    /// <summary>Time after each endpoint, and between SIGTERM and SIGKILL. Default 5 s.</summary>
    [Id(0)] public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Path that is POSTed on the first port before SIGTERM; null for none.</summary>
    [Id(1)] public string? GracefulShutdown { get; init; }

    /// <summary>Path that is POSTed on the first port after the graceful one and before SIGTERM; null for none.</summary>
    [Id(2)] public string? Shutdown { get; init; }

    /// <summary>How long it can take until nothing is waited for any more.</summary>
    public TimeSpan Longest => Grace * (1 + (GracefulShutdown is null ? 0 : 1) + (Shutdown is null ? 0 : 1));
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
