namespace OrleansScheduler.Silo;

/// <content>What the node uses: a copy of what its agent measured last, which says nothing once it is old.</content>
internal sealed partial class NodeGrain
{
    private static readonly TimeSpan UsageCounts = TimeSpan.FromMinutes(2);
    private NodeUsage? _usage;
    private long _usageHeard;

    private NodeUsage? Usage => _usage is { } usage && time.GetElapsedTime(_usageHeard) < UsageCounts ? usage : null;

    public async Task ReportUsage(long generation, NodeUsage usage, CancellationToken cancellationToken)
    {
        if (!IsCurrent(generation)) return;
        (_usage, _usageHeard) = (usage, time.GetTimestamp());
        if (usage.Node.DiskPressure != record.State.Description?.DiskPressure) await Press(generation, usage.Node, cancellationToken);
    }

    /// <summary>
    /// The disk is nearly full, or no longer. That is a fact about the node like those that it registered with: whoever owns it next has to
    /// know it before the agent has spoken.
    /// </summary>
    private async Task Press(long generation, NodeUse use, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            if (!IsCurrent(generation) || record.State.Description is not { } before || before.DiskPressure == use.DiskPressure) return;
            record.State.Description = before with { DiskPressure = use.DiskPressure };
            try
            {
                await record.WriteStateAsync(cancellationToken);
            }
            catch
            {
                record.State.Description = before;   // the next measurement tries again
                throw;
            }

            PublishPressure(use.DiskPressure, $"{Units.FormatMiB(use.DiskFreeMiB)} are free");
            await TellLedger(_reachable, cancellationToken);
        }
        finally
        {
            _changes.Release();
        }
    }

    private void PublishPressure(bool isShort, string? message) => Publish(isShort ? "DISK_PRESSURE" : "DISK_RELIEVED", message);

    /// <summary>The description with what may be lent now. The look around tells the ledger when that is another than it was.</summary>
    private NodeDescription Lending(NodeDescription description) => description.OvercommitByUse
        ? description with { Overcommit = Oversubscription.Of(description, Usage?.Node) }
        : description;

    public Task<ImmutableArray<TaskUse>> ReadUsage(JobKey job, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<TaskUse>>([.. (Usage?.Tasks ?? []).Where(use => use.Attempt.Job == job)]);
}
