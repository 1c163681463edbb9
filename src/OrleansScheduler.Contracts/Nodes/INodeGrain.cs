using Orleans.Concurrency;

namespace OrleansScheduler.Contracts;

/// <summary>Owns one node: its registration, generation and maintenance mode; holds the session of its agent. Key: node id.</summary>
[Alias("osched.INodeGrain")]
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>An agent is connected and says all it knows. Durable when it returns; from then on the older session is refused.</summary>
    /// <param name="description">What the node is.</param>
    /// <param name="attempts">Every attempt that the agent knows.</param>
    /// <param name="ledgerEpoch">Highest epoch of the ledger that the agent has obeyed; 0 for none.</param>
    /// <param name="session">The way to the agent.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("Register"), AskedAgain(3)]
    Task<Answer<RegisterReceipt>> Register(NodeDescription description, ImmutableArray<AttemptReport> attempts, long ledgerEpoch,
        IAgentSession session, CancellationToken cancellationToken = default);

    /// <summary>Once a second from the agent. Answers whether it must register again or say all it knows.</summary>
    [Alias("Heartbeat"), AlwaysInterleave]
    Task<HeartbeatAnswer> Heartbeat(long generation, ulong digest, CancellationToken cancellationToken = default);

    /// <summary>What became of attempts. Those in the answer are durable and need not be sent again.</summary>
    /// <param name="generation">The session's generation.</param>
    /// <param name="reports">The news; all that the agent knows when <paramref name="full"/>.</param>
    /// <param name="full">Whether attempts that are not named do not exist on the node.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("Report"), AlwaysInterleave]
    Task<ImmutableArray<AttemptAck>> Report(long generation, ImmutableArray<AttemptReport> reports, bool full,
        CancellationToken cancellationToken = default);

    /// <summary>What the agent has measured; held in memory only.</summary>
    [Alias("ReportUsage"), AlwaysInterleave]
    Task ReportUsage(long generation, NodeUsage usage, CancellationToken cancellationToken = default);

    /// <summary>What a job's attempts there use, as far as it was measured lately.</summary>
    [Alias("ReadUsage"), AlwaysInterleave]
    Task<ImmutableArray<TaskUse>> ReadUsage(JobKey job, CancellationToken cancellationToken = default);

    /// <summary>The session has ended.</summary>
    [Alias("Disconnect"), AlwaysInterleave]
    Task Disconnect(long generation, CancellationToken cancellationToken = default);

    /// <summary>From a job: start these.</summary>
    [Alias("Launch"), AlwaysInterleave]
    Task<LaunchAnswer> Launch(LaunchBatch batch, CancellationToken cancellationToken = default);

    /// <summary>From a job: stop these. True when the agent has been told; false when it cannot be reached just now.</summary>
    [Alias("Kill"), AlwaysInterleave]
    Task<bool> Kill(KillBatch batch, CancellationToken cancellationToken = default);

    /// <summary>
    /// From a job that counts tasks there as partitioned. While the agent can be reached, it is asked for all it knows, so that every job
    /// hears of its tasks again. It does not come to that by itself: the loss was told to the job after the node's return.
    /// </summary>
    [Alias("Reconcile"), AlwaysInterleave]
    Task Reconcile(CancellationToken cancellationToken = default);

    /// <summary>Takes the node out of service: no new tasks, those on it move away at once, whatever SLAs say.</summary>
    [Alias("Drain")]
    Task<Answer<NodeView>> Drain(string operationId, string actor, CancellationToken cancellationToken = default);

    /// <summary>Drains the node as SLAs allow, plans that, or puts it back into service. Durable when it returns.</summary>
    [Alias("Maintain")]
    Task<Answer<NodeView>> Maintain(MaintenanceCommand command, CancellationToken cancellationToken = default);

    /// <summary>How far its maintenance has got; null when the node never registered.</summary>
    [Alias("DescribeDrain"), AlwaysInterleave]
    Task<DrainView?> DescribeDrain(CancellationToken cancellationToken = default);

    /// <summary>Puts the node back into service.</summary>
    [Alias("Undrain")]
    Task<Answer<NodeView>> Undrain(string operationId, string actor, CancellationToken cancellationToken = default);

    /// <summary>The node; null when it never registered.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<NodeView?> Describe(CancellationToken cancellationToken = default);

    /// <summary>Name or address under which the ports of its tasks are reached; null when it never registered.</summary>
    [Alias("ReadHost"), AlwaysInterleave]
    Task<string?> ReadHost(CancellationToken cancellationToken = default);

    /// <summary>A piece of an attempt's output, asked of the agent.</summary>
    [Alias("ReadLog"), AlwaysInterleave, AskedOnce]
    Task<Answer<LogChunk>> ReadLog(AttemptId attempt, LogQuery query, CancellationToken cancellationToken = default);

    /// <summary>A piece of a file of an attempt's sandbox, or a list of its files, asked of the agent.</summary>
    [Alias("ReadFile"), AlwaysInterleave, AskedOnce]
    Task<Answer<FilePiece>> ReadFile(AttemptId attempt, FileQuery query, CancellationToken cancellationToken = default);

    /// <summary>One exchange with a command that runs in an attempt, asked of the agent.</summary>
    [Alias("Exec"), AlwaysInterleave, AskedOnce]
    Task<Answer<ExecAnswer>> Exec(AttemptId attempt, ExecRequest request, CancellationToken cancellationToken = default);

    /// <summary>From the ledger: makes sure that the node is awake and notices when its agent is silent.</summary>
    [Alias("Wake"), AlwaysInterleave]
    Task Wake(CancellationToken cancellationToken = default);
}

/// <summary>The way from a node grain to its agent: lives in the gateway that holds the agent's stream.</summary>
/// <remarks>Calls are short-lived on purpose: a session whose gateway is gone answers nothing, not even an error.</remarks>
[Alias("osched.IAgentSession")]
public interface IAgentSession : IGrainObserver
{
    /// <summary>Hands commands to the agent. Returns when they are in its stream, which is not yet a promise that it has them.</summary>
    [Alias("Deliver"), ResponseTimeout("00:00:06")]
    Task Deliver(NodeCommands commands);

    /// <summary>Asks the agent for a piece of output. Does not hold up <see cref="Deliver"/>.</summary>
    [Alias("ReadLog"), AlwaysInterleave, ResponseTimeout("00:00:06")]
    Task<Answer<LogChunk>> ReadLog(AttemptId attempt, LogQuery query);

    /// <summary>Asks the agent for a piece of a file, or a list of files. Does not hold up <see cref="Deliver"/>.</summary>
    [Alias("ReadFile"), AlwaysInterleave, ResponseTimeout("00:00:06")]
    Task<Answer<FilePiece>> ReadFile(AttemptId attempt, FileQuery query);

    /// <summary>One exchange with a command that runs in an attempt. Does not hold up <see cref="Deliver"/>.</summary>
    [Alias("Exec"), AlwaysInterleave, ResponseTimeout("00:00:06")]
    Task<Answer<ExecAnswer>> Exec(AttemptId attempt, ExecRequest request);

    /// <summary>Ends the session: a newer one has taken its place, or the node is not wanted.</summary>
    [Alias("Close"), AlwaysInterleave, ResponseTimeout("00:00:06")]
    Task Close(string reason);
}

/// <summary>What a registration gives.</summary>
/// <param name="Generation">Number of this session; commands and reports carry it.</param>
/// <param name="Acks">Reports that are durable.</param>
/// <param name="Unknown">Attempts that no job wants: to be stopped and forgotten.</param>
/// <param name="Lease">How long strict tasks may run from the moment at which the agent sent the request; zero for no lease.</param>
[GenerateSerializer, Immutable, Alias("osched.RegisterReceipt")]
public sealed record RegisterReceipt([property: Id(0)] long Generation, [property: Id(1)] ImmutableArray<AttemptAck> Acks,
    [property: Id(2)] ImmutableArray<AttemptId> Unknown, [property: Id(3)] TimeSpan Lease = default);

/// <summary>What a heartbeat gives.</summary>
/// <param name="Known">Whether this session is the node's; if not the agent registers again.</param>
/// <param name="InSync">Whether both sides know the same; if not the agent reports in full.</param>
/// <param name="Lease">As in <see cref="RegisterReceipt"/>; zero leaves the last lease as it is.</param>
[GenerateSerializer, Immutable, Alias("osched.HeartbeatAnswer")]
public readonly record struct HeartbeatAnswer(
    [property: Id(0)] bool Known, [property: Id(1)] bool InSync, [property: Id(2)] TimeSpan Lease = default);

/// <summary>What became of a request to start attempts.</summary>
/// <param name="Sent">Whether the agent has been told; false when it cannot be reached just now.</param>
/// <param name="Gone">Those that will never be started there: the node was lost after it had been chosen for them.</param>
[GenerateSerializer, Immutable, Alias("osched.LaunchAnswer")]
public readonly record struct LaunchAnswer([property: Id(0)] bool Sent, [property: Id(1)] ImmutableArray<AttemptRef> Gone);

/// <summary>What an agent says about one attempt.</summary>
[GenerateSerializer, Immutable, Alias("osched.AttemptReport")]
public sealed record AttemptReport
{
    /// <summary>The attempt.</summary>
    [Id(0)] public required AttemptId Attempt { get; init; }

    /// <summary>Grows with every report about this attempt.</summary>
    [Id(1)] public required long Sequence { get; init; }

    /// <summary>STARTING, RUNNING, FINISHED, FAILED, KILLED or LOST.</summary>
    [Id(2)] public required ScheduleStatus Status { get; init; }

    /// <summary>When it came to be so, by the agent's clock.</summary>
    [Id(3)] public DateTimeOffset At { get; init; }

    /// <summary>Exit code, when it ended by exiting.</summary>
    [Id(4)] public int? ExitCode { get; init; }

    /// <summary>Signal, when one ended it.</summary>
    [Id(5)] public int? Signal { get; init; }

    /// <summary>Why, for people.</summary>
    [Id(6)] public string? Message { get; init; }

    /// <summary>Whether it takes work, while it runs and has a readiness probe; else null.</summary>
    [Id(7)] public bool? IsReady { get; init; }
}

/// <summary>A report that is durable.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Sequence">The report and all before it.</param>
[GenerateSerializer, Immutable, Alias("osched.AttemptAck")]
public readonly record struct AttemptAck([property: Id(0)] AttemptId Attempt, [property: Id(1)] long Sequence);

/// <summary>Reports of one node about one job.</summary>
[GenerateSerializer, Immutable, Alias("osched.NodeReport")]
public sealed record NodeReport
{
    /// <summary>The node.</summary>
    [Id(0)] public required string Node { get; init; }

    /// <summary>What became of attempts of the job.</summary>
    [Id(1)] public ImmutableArray<AttemptReport> Reports { get; init; } = [];

    /// <summary>Attempts of the job that the ledger has on the node and the agent does not know.</summary>
    [Id(2)] public ImmutableArray<AttemptRef> Absent { get; init; } = [];

    /// <summary>Session of the node.</summary>
    [Id(3)] public long Generation { get; init; }
}

/// <summary>What a job makes of a node's reports.</summary>
/// <param name="Unknown">Attempts that the job does not want to run there: to be stopped and forgotten.</param>
[GenerateSerializer, Immutable, Alias("osched.ReportAnswer")]
public sealed record ReportAnswer([property: Id(0)] ImmutableArray<AttemptRef> Unknown);

/// <summary>News about a whole node for a job that has something there.</summary>
/// <param name="Node">The node.</param>
/// <param name="Reachable">False when its agent has been silent for too long.</param>
/// <param name="Draining">Whether its tasks are to move away.</param>
/// <param name="Generation">Its session; when it cannot be reached, the one that was lost.</param>
/// <param name="MayReplace">When it cannot be reached: see <see cref="NodeLoss"/>.</param>
/// <param name="LeaseEnded">When it cannot be reached: see <see cref="NodeLoss"/>.</param>
[GenerateSerializer, Immutable, Alias("osched.NodeNews")]
public sealed record NodeNews([property: Id(0)] string Node, [property: Id(1)] bool Reachable, [property: Id(2)] bool Draining,
    [property: Id(3)] long Generation, [property: Id(4)] bool MayReplace = false, [property: Id(5)] bool LeaseEnded = false);

/// <summary>Attempts of one job to start on one node.</summary>
[GenerateSerializer, Immutable, Alias("osched.LaunchBatch")]
public sealed record LaunchBatch
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Job { get; init; }

    /// <summary>Epoch of the ledger that placed them; agents refuse lower ones than they have seen.</summary>
    [Id(1)] public long LedgerEpoch { get; init; }

    /// <summary>Task specs by version of the job, each once.</summary>
    [Id(2)] public required ImmutableSortedDictionary<int, TaskSpec> Specs { get; init; }

    /// <summary>The attempts.</summary>
    [Id(3)] public required ImmutableArray<LaunchAttempt> Attempts { get; init; }

    /// <summary>W3C trace context of the request that led here; null when there is none.</summary>
    [Id(4)] public string? TraceParent { get; init; }
}

/// <summary>One attempt to start.</summary>
/// <param name="Ref">Instance and number.</param>
/// <param name="Version">Which spec.</param>
/// <param name="Ports">Its ports, in the order of <see cref="TaskSpec.Ports"/>.</param>
[GenerateSerializer, Immutable, Alias("osched.LaunchAttempt")]
public sealed record LaunchAttempt([property: Id(0)] AttemptRef Ref, [property: Id(1)] int Version,
    [property: Id(2)] ImmutableArray<int> Ports)
{
    /// <summary>Numbers of its GPUs there, see <see cref="Placement.Devices"/>.</summary>
    [Id(3)] public ImmutableArray<int> Devices { get; init; } = [];

    /// <summary>Items of sets that it has there, as <c>set=item</c>.</summary>
    [Id(4)] public ImmutableArray<string> Items { get; init; } = [];

    /// <summary>Session of the node when it was chosen: once that one was lost, the attempt is not started any more.</summary>
    [Id(5)] public long Generation { get; init; }

    /// <summary>Whether it must end with the node's lease, see <see cref="PartitionPolicy.Strict"/>.</summary>
    [Id(6)] public bool Strict { get; init; }
}

/// <summary>Attempts of one job to stop on one node.</summary>
/// <param name="Job">The job.</param>
/// <param name="LedgerEpoch">Highest epoch of the ledger that the job has seen.</param>
/// <param name="Attempts">The attempts.</param>
[GenerateSerializer, Immutable, Alias("osched.KillBatch")]
public sealed record KillBatch([property: Id(0)] JobKey Job, [property: Id(1)] long LedgerEpoch,
    [property: Id(2)] ImmutableArray<AttemptRef> Attempts);

/// <summary>Commands for an agent.</summary>
[GenerateSerializer, Immutable, Alias("osched.NodeCommands")]
public sealed record NodeCommands
{
    /// <summary>The session they are for.</summary>
    [Id(0)] public required long Generation { get; init; }

    /// <summary>Attempts to start.</summary>
    [Id(1)] public ImmutableArray<LaunchBatch> Launches { get; init; } = [];

    /// <summary>Attempts to stop.</summary>
    [Id(2)] public ImmutableArray<KillBatch> Kills { get; init; } = [];

    /// <summary>Attempts that no job wants: stop, then forget without further report.</summary>
    [Id(3)] public ImmutableArray<AttemptId> Unknown { get; init; } = [];
}
