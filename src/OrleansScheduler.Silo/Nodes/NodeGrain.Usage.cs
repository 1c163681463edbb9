namespace OrleansScheduler.Silo;

/// <content>What the node uses: a copy of what its agent measured last, which says nothing once it is old.</content>
internal sealed partial class NodeGrain
{
    private static readonly TimeSpan UsageCounts = TimeSpan.FromMinutes(2);
    private NodeUsage? _usage;
    private long _usageHeard;

    private NodeUsage? Usage => _usage is { } usage && time.GetElapsedTime(_usageHeard) < UsageCounts ? usage : null;

    public Task ReportUsage(long generation, NodeUsage usage, CancellationToken cancellationToken)
    {
        if (!IsCurrent(generation)) return Task.CompletedTask;
        var before = Usage?.Node.DiskPressure ?? false;
        (_usage, _usageHeard) = (usage, time.GetTimestamp());
        if (usage.Node.DiskPressure != before)
            Publish(usage.Node.DiskPressure ? "DISK_PRESSURE" : "DISK_RELIEVED", $"{Units.FormatMiB(usage.Node.DiskFreeMiB)} are free");
        return Task.CompletedTask;
    }

    /// <summary>The description with what may be lent now. The look around tells the ledger when that is another than it was.</summary>
    private NodeDescription Lending(NodeDescription description) => description.OvercommitByUse
        ? description with { Overcommit = Oversubscription.Of(description, Usage?.Node) }
        : description;

    public Task<ImmutableArray<TaskUse>> ReadUsage(JobKey job, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<TaskUse>>([.. (Usage?.Tasks ?? []).Where(use => use.Attempt.Job == job)]);
}
