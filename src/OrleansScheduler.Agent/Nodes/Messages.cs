using Google.Protobuf;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>Turns what the agent knows into messages of its protocol, and back.</summary>
internal static class Messages
{
    private const int LongestMessage = 1000;

    public static Protocol.Attempt ToMessage(this AttemptId id) =>
        new() { Job = id.Job.ToString(), Instance = id.Instance, Number = id.Number };

    /// <summary>The attempt that a message names; null when it names none.</summary>
    public static AttemptId? ToAttemptId(this Protocol.Attempt message) => ToAttemptId(message.Job, message.Instance, message.Number);

    /// <summary>The attempt that a message names; null when it names none.</summary>
    public static AttemptId? ToAttemptId(string job, int instance, int number) =>
        JobKey.TryParse(job, out var key) && instance >= 0 && number >= 1 ? new AttemptId(key, instance, number) : null;

    public static Protocol.Report ToReport(this Attempt attempt)
    {
        var record = attempt.Record;
        var report = new Protocol.Report
        {
            Attempt = attempt.Id.ToMessage(),
            Sequence = record.Sequence,
            Status = record.Status switch
            {
                ScheduleStatus.Starting => Protocol.Status.Starting,
                ScheduleStatus.Running => Protocol.Status.Running,
                ScheduleStatus.Finished => Protocol.Status.Finished,
                ScheduleStatus.Failed => Protocol.Status.Failed,
                ScheduleStatus.Killed => Protocol.Status.Killed,
                ScheduleStatus.Lost => Protocol.Status.Lost,
                _ => throw new InvariantException($"an agent does not know {record.Status}"),
            },
            AtUnixMillis = record.At.ToUnixTimeMilliseconds(),
            Message = record.Message is { Length: > LongestMessage } message ? message[..LongestMessage] : record.Message ?? "",
        };
        if (record.ExitCode is { } code) report.ExitCode = code;
        if (record.Signal is { } signal) report.Signal = signal;
        if (record is { Status: ScheduleStatus.Running, IsReady: { } ready }) report.Ready = ready;
        return report;
    }

    public static Protocol.Register ToRegister(
        this NodeDescription node, IEnumerable<Protocol.Report> reports, long ledgerEpoch)
    {
        var message = new Protocol.Register
        {
            NodeId = node.Id,
            Host = node.Host,
            Capacity = node.Capacity.ToMessage(),
            FirstPort = node.FirstPort,
            PortCount = node.PortCount,
            BootId = node.BootId,
            AgentVersion = node.AgentVersion,
            AgentId = node.AgentId,
            Attempts = { reports },
            Overcommit = node.Overcommit,
            OvercommitByUse = node.OvercommitByUse,
            DiskPressure = node.DiskPressure,
            LedgerEpoch = ledgerEpoch,
        };
        foreach (var (name, values) in node.Attributes) message.Attributes.Add(name, new Protocol.AttributeValues { Values = { values } });
        foreach (var (role, amount) in node.Reserved) message.Reserved.Add(role, amount.ToMessage());
        foreach (var (name, amount) in node.Custom.Scalars) message.Custom.Add(name, amount);
        foreach (var (name, items) in node.Custom.Sets) message.Sets.Add(name, new Protocol.AttributeValues { Values = { items } });
        return message;
    }

    private static Protocol.Resources ToMessage(this Resources amount) => new()
    {
        CpuMillis = amount.CpuMillis,
        MemoryMib = amount.MemoryMiB,
        DiskMib = amount.DiskMiB,
        GpuMillis = amount.GpuMillis,
    };

    public static Protocol.LogData ToMessage(this Answer<LogChunk> answer, long request) => answer.Value is { } chunk
        ? new() { Request = request, Offset = chunk.Offset, Data = ByteString.CopyFrom(chunk.Data.AsSpan()), Ended = chunk.Ended }
        : new() { Request = request, ProblemCode = answer.Problem!.Code, ProblemMessage = answer.Problem.Message };
}
