using System.Runtime.InteropServices;
using OrleansScheduler.Contracts.Protocol;
using Wire = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway;

/// <summary>Between the agents' protocol and the domain. The one place that knows both.</summary>
internal static class AgentMessages
{
    /// <summary>What a report must look like, in words.</summary>
    public const string ReportRule =
        "a report names an attempt (role/env/name, instance from 0, number from 1), a status, a sequence from 0 and a time";

    private const int MaxMessageLength = 2048;
    private const int MaxEndpoints = 1000;
    private const int MaxUses = 20_000;
    private static readonly long EarliestMillis = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LatestMillis = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Most bytes of launches that go into one message: receivers bound what they read.</summary>
    private const int LargestCommands = 1024 * 1024;

    public static NodeDescription Describe(Register message) => new()
    {
        Id = message.NodeId,
        Host = message.Host,
        Capacity = Read(message.Capacity),
        FirstPort = message.FirstPort,
        PortCount = message.PortCount,
        Attributes = Read(message.Attributes),
        Reserved = message.Reserved.ToImmutableSortedDictionary(pair => pair.Key, pair => Read(pair.Value)),
        Custom = new() { Scalars = message.Custom.ToImmutableSortedDictionary(), Sets = Read(message.Sets) },
        Overcommit = message.Overcommit == 0 ? 1 : message.Overcommit,
        OvercommitByUse = message.OvercommitByUse,
        DiskPressure = message.DiskPressure,
        BootId = message.BootId,
        AgentVersion = message.AgentVersion,
        AgentId = message.AgentId,
    };

    private static Core.Resources Read(Wire.Resources amount) =>
        new(amount.CpuMillis, amount.MemoryMib, amount.DiskMib, amount.GpuMillis);

    private static ImmutableSortedDictionary<string, ImmutableArray<string>> Read(IDictionary<string, AttributeValues> values) =>
        values.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value.Values.ToImmutableArray());

    /// <summary>Reads reports; false when one of them is not what <see cref="ReportRule"/> says.</summary>
    public static bool TryRead(IReadOnlyCollection<Report> messages, out ImmutableArray<AttemptReport> reports)
    {
        var read = ImmutableArray.CreateBuilder<AttemptReport>(messages.Count);
        foreach (var message in messages)
        {
            if (!TryRead(message.Attempt, out var attempt) || !TryRead(message.Status, out var status)
                || message.Sequence < 0 || message.AtUnixMillis < EarliestMillis || message.AtUnixMillis > LatestMillis) break;
            read.Add(new()
            {
                Attempt = attempt,
                Sequence = message.Sequence,
                Status = status,
                At = DateTimeOffset.FromUnixTimeMilliseconds(message.AtUnixMillis),
                ExitCode = message.HasExitCode ? message.ExitCode : null,
                Signal = message.HasSignal ? message.Signal : null,
                IsReady = message.HasReady ? message.Ready : null,
                Message = message.Message.Length == 0 ? null : message.Message[..Math.Min(message.Message.Length, MaxMessageLength)],
            });
        }

        reports = read.ToImmutable();
        return reports.Length == messages.Count;
    }

    /// <summary>Reads what was measured; attempts that are named wrongly are left out.</summary>
    public static NodeUsage Read(Usage message)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(message.AtUnixMillis, EarliestMillis, LatestMillis));
        var tasks = ImmutableArray.CreateBuilder<Core.TaskUse>();
        foreach (var use in message.Tasks.Take(MaxUses))
        {
            if (!TryRead(use.Attempt, out var attempt)) continue;
            tasks.Add(new()
            {
                Attempt = attempt,
                At = at,
                CpuMillis = use.HasCpuMillis ? use.CpuMillis : null,
                CpuTime = TimeSpan.FromMicroseconds(Math.Clamp(use.CpuTimeMicros, 0, long.MaxValue / TimeSpan.TicksPerMicrosecond)),
                MemoryBytes = use.MemoryBytes,
                PeakMemoryBytes = use.PeakMemoryBytes,
                Processes = use.Processes,
                DiskBytes = use.HasDiskBytes ? use.DiskBytes : null,
                DiskReadBytes = use.DiskReadBytes,
                DiskWrittenBytes = use.DiskWrittenBytes,
            });
        }

        return new(
            new()
            {
                At = at,
                CpuMillis = message.HasCpuMillis ? message.CpuMillis : null,
                MemoryMiB = message.MemoryMib,
                DiskFreeMiB = message.DiskFreeMib,
                DiskPressure = message.DiskPressure,
                Unused = message.Unused is { } unused ? Read(unused) : default,
            },
            tasks.ToImmutable());
    }

    public static ToAgent Registered(RegisterReceipt receipt, TimeSpan heartbeat)
    {
        var registered = new Registered
        {
            Generation = receipt.Generation,
            HeartbeatMillis = (long)heartbeat.TotalMilliseconds,
            LeaseMillis = (long)receipt.Lease.TotalMilliseconds,
            Reads = { "services", "usage" },
        };
        registered.Acks.AddRange(receipt.Acks.Select(Write));
        registered.Unknown.AddRange(receipt.Unknown.Select(Write));
        return new() { Registered = registered };
    }

    public static ToAgent Refused(string code, string message, bool retry) =>
        new() { Refused = new() { Code = code, Message = message, Retry = retry } };

    /// <summary>What an agent is told of a service; of one that has many instances, the first.</summary>
    public static ServiceState Write(JobKey key, Answer<ServiceView> service)
    {
        var state = new ServiceState { Service = key.ToString(), Exists = service.Value is not null };
        foreach (var one in service.Value?.Instances ?? [])
        {
            if (one.Host is null) continue;
            if (state.Endpoints.Count == MaxEndpoints) break;
            var endpoint = new ServiceEndpoint { Instance = one.Instance, Attempt = one.Attempt, Host = one.Host };
            foreach (var (name, port) in one.Ports) endpoint.Ports.Add(name, port);
            state.Endpoints.Add(endpoint);
        }

        return state;
    }

    public static ToAgent HeartbeatReply(Heartbeat heartbeat, HeartbeatAnswer answer) => new()
    {
        HeartbeatReply = new()
        {
            Known = answer.Known,
            InSync = answer.InSync,
            LeaseMillis = (long)answer.Lease.TotalMilliseconds,
            SentMillis = heartbeat.SentMillis,
        },
    };

    public static ToAgent Acks(ImmutableArray<AttemptAck> acks)
    {
        var message = new Acks();
        message.Acks_.AddRange(acks.Select(Write));
        return new() { Acks = message };
    }

    public static ToAgent ReadLog(long request, AttemptId attempt, LogQuery query) => new()
    {
        ReadLog =
            new() { Request = request, Attempt = Write(attempt), Stream = query.Stream, Offset = query.Offset, MaxBytes = query.MaxBytes },
    };

    /// <summary>A piece of output, or why there is none. The bytes are the message's own: nobody changes them.</summary>
    public static Answer<LogChunk> Read(LogData message, int attempt)
    {
        if (message.ProblemCode.Length > 0) return Problem.Of(ProblemKind.NotFound, message.ProblemCode, message.ProblemMessage);
        var data = MemoryMarshal.TryGetArray(message.Data.Memory, out var segment) && segment.Offset == 0
            && segment.Count == segment.Array!.Length
            ? segment.Array
            : message.Data.ToByteArray();
        return new LogChunk(attempt, message.Offset, ImmutableCollectionsMarshal.AsImmutableArray(data), message.Ended);
    }

    /// <summary>Commands as messages, kills before launches, each message of bounded size.</summary>
    public static IEnumerable<ToAgent> Commands(NodeCommands commands, TaskSpecJson specs)
    {
        var message = new Commands { Generation = commands.Generation };
        message.Unknown.AddRange(commands.Unknown.Select(Write));
        message.Kills.AddRange(commands.Kills.Select(Write));
        var size = message.CalculateSize();
        foreach (var launch in commands.Launches.Select(launch => Write(launch, specs)))
        {
            var more = launch.CalculateSize();
            if (size > 0 && size + more > LargestCommands)
            {
                yield return new() { Commands = message };
                message = new() { Generation = commands.Generation };
                size = 0;
            }

            message.Launches.Add(launch);
            size += more;
        }

        yield return new() { Commands = message };
    }

    private static Launch Write(LaunchBatch batch, TaskSpecJson specs)
    {
        var launch = new Launch { Job = batch.Job.ToString(), LedgerEpoch = batch.LedgerEpoch, TraceParent = batch.TraceParent ?? "" };
        foreach (var (version, spec) in batch.Specs) launch.Specs.Add(version, specs.Of(batch.Job, version, spec));
        foreach (var attempt in batch.Attempts)
        {
            var wire = new Wire.LaunchAttempt
            {
                Instance = attempt.Ref.Instance,
                Number = attempt.Ref.Number,
                Version = attempt.Version,
                Strict = attempt.Strict,
            };
            wire.Ports.AddRange(attempt.Ports);
            wire.Devices.AddRange(attempt.Devices);
            wire.Items.AddRange(attempt.Items);
            launch.Attempts.Add(wire);
        }

        return launch;
    }

    private static Kill Write(KillBatch batch)
    {
        var kill = new Kill { Job = batch.Job.ToString(), LedgerEpoch = batch.LedgerEpoch };
        kill.Attempts.AddRange(batch.Attempts.Select(attempt => new KillAttempt { Instance = attempt.Instance, Number = attempt.Number }));
        return kill;
    }

    private static Ack Write(AttemptAck ack) => new() { Attempt = Write(ack.Attempt), Sequence = ack.Sequence };

    private static Attempt Write(AttemptId id) => new() { Job = id.Job.ToString(), Instance = id.Instance, Number = id.Number };

    private static bool TryRead(Attempt? message, out AttemptId id)
    {
        id = default;
        if (message is null || !JobKey.TryParse(message.Job, out var job) || message.Instance < 0 || message.Number < 1) return false;
        id = new(job, message.Instance, message.Number);
        return true;
    }

    private static bool TryRead(Status message, out ScheduleStatus status)
    {
        status = message switch
        {
            Status.Starting => ScheduleStatus.Starting,
            Status.Running => ScheduleStatus.Running,
            Status.Finished => ScheduleStatus.Finished,
            Status.Failed => ScheduleStatus.Failed,
            Status.Killed => ScheduleStatus.Killed,
            Status.Lost => ScheduleStatus.Lost,
            _ => ScheduleStatus.Init,
        };
        return status != ScheduleStatus.Init;
    }
}
