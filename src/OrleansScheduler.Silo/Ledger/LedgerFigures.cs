namespace OrleansScheduler.Silo;

/// <summary>What the ledger's gauges show.</summary>
/// <param name="Pending">Attempts that wait, with those that are promised a node.</param>
/// <param name="Placed">Attempts that hold something.</param>
/// <param name="OldestWaiting">Since when the oldest of those that wait does.</param>
/// <param name="Nodes">Nodes by status.</param>
/// <param name="Promised">Attempts that are promised a node.</param>
/// <param name="Held">Nodes that are kept free.</param>
/// <param name="WaitingByReason">Attempts that wait by the reason.</param>
/// <param name="Roles">The roles with the largest shares.</param>
internal sealed record LedgerFigures(
    int Pending, int Placed, DateTimeOffset? OldestWaiting, ImmutableSortedDictionary<string, int> Nodes, int Promised, int Held,
    ImmutableSortedDictionary<string, int> WaitingByReason, ImmutableArray<RoleFigures> Roles)
{
    /// <summary>Most roles that have series of their own, so that their number stays within what a time series store bears.</summary>
    public const int MaxRoles = 100;

    public static LedgerFigures Of(Ledger ledger)
    {
        var reasons = ledger.PendingByReason();

        // What has not been looked at yet has no reason; promised attempts are in no queue.
        var waiting = reasons.Remove("").SetItem("not-looked-at", reasons.GetValueOrDefault(""))
            .SetItem(Reasons.Preempting, ledger.Promised);
        var roles = ledger.DescribeRoles().OrderByDescending(r => r.Share).ThenBy(r => r.Role, StringComparer.Ordinal).Take(MaxRoles);
        return new LedgerFigures(
            ledger.Pending + ledger.Promised, ledger.Placed, ledger.OldestWaiting, ledger.CountNodes(), ledger.Promised, ledger.Held,
            waiting,
            [.. roles.Select(r => new RoleFigures(r.Role, r.Share, QuotaUse(r)))]);
    }

    private static double? QuotaUse(RoleView role)
    {
        if (role.Quota?.Limit is not { } limit) return null;
        return new[]
        {
            Part(role.Consumed.CpuMillis, limit.CpuMillis), Part(role.Consumed.MemoryMiB, limit.MemoryMiB),
            Part(role.Consumed.DiskMiB, limit.DiskMiB), Part(role.Consumed.GpuMillis, limit.GpuMillis),
        }.Max();
    }

    /// <summary>A limit of nothing is used up only when something is used.</summary>
    private static double? Part(long used, long? limit) => limit switch
    {
        null => null,
        0 => used > 0 ? 1 : 0,
        _ => (double)used / limit.Value,
    };
}

/// <summary>A role's figures.</summary>
/// <param name="Role">Its path.</param>
/// <param name="Share">Its dominant share by its weight.</param>
/// <param name="QuotaUse">The largest part of its limit that it uses in any dimension; null without limits.</param>
internal sealed record RoleFigures(string Role, double Share, double? QuotaUse);
