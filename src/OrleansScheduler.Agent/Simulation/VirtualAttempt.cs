using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>One attempt on a virtual node. Its node's lock guards it.</summary>
internal sealed class VirtualAttempt(SimulatedJob job, int instance, int number)
{
    public SimulatedJob Job { get; } = job;

    public int Instance { get; } = instance;

    public int Number { get; } = number;

    public Protocol.Status Status { get; set; } = Protocol.Status.Starting;

    public long AtUnixMillis { get; set; }

    public string Message { get; set; } = "";

    /// <summary>Whether it will exit 1 when its time has come.</summary>
    public bool IsToFail { get; set; }

    /// <summary>Sequence of the report under way; 0 when none is.</summary>
    public long UnderWay { get; set; }

    /// <summary>Whether it is among those that wait to be reported.</summary>
    public bool IsWaiting { get; set; }

    public bool IsTerminal => Status is not (Protocol.Status.Starting or Protocol.Status.Running);

    /// <summary>As a real agent numbers its reports: see <see cref="AttemptRecord.Sequence"/>.</summary>
    public long Sequence => Status switch
    {
        Protocol.Status.Starting => 1,
        Protocol.Status.Running => 2,
        _ => 3,
    };

    /// <summary>Its share of the node's digest.</summary>
    public ulong Share => Digest.Of(new(Job.Key, Instance, Number), Sequence);

    public Protocol.Report ToReport()
    {
        var report = new Protocol.Report
        {
            Attempt = new() { Job = Job.Name, Instance = Instance, Number = Number },
            Sequence = Sequence,
            Status = Status,
            AtUnixMillis = AtUnixMillis,
            Message = Message,
        };
        if (Status == Protocol.Status.Finished) report.ExitCode = 0;
        else if (Status == Protocol.Status.Failed) report.ExitCode = 1;
        return report;
    }
}
