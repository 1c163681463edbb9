using System.Globalization;

namespace OrleansScheduler.Shim;

/// <summary>Gives up, for good, what a task may not have.</summary>
internal static unsafe class Privileges
{
    private const int HighestCapability = 63;
    private const uint CapabilityVersion3 = 0x20080522;
    private const int CoreSize = 4;

    /// <summary>Changes the account and drops capabilities, so that no program that is executed later gets them back.</summary>
    public static void GiveUp(IsolationSpec isolation, ImmutableArray<LimitSpec> limits)
    {
        // Before the account changes: somebody without privileges can lower limits only.
        if (!limits.Any(limit => limit.Number == CoreSize)) Limit(new("core", CoreSize, 0));
        foreach (var limit in limits) Limit(limit);
        if (isolation.DropCapabilities)
        {
            _ = Native.ProcessControl(Native.Ambient, Native.AmbientClearAll, 0, 0, 0);
            for (var capability = 0; capability <= HighestCapability; capability++)
                _ = Native.ProcessControl(Native.DropBounding, capability, 0, 0, 0);
        }

        if (isolation.Account is { } account) Switch(account);
        if (isolation.DropCapabilities)
        {
            var header = stackalloc uint[2];
            header[0] = CapabilityVersion3;
            header[1] = 0;
            var data = stackalloc uint[6];
            new Span<uint>(data, 6).Clear();
            _ = Native.Check(Native.SetCapabilities(header, data), "cannot drop capabilities");
        }

        if (isolation.DropCapabilities || isolation.Seccomp)
            _ = Native.Check(Native.ProcessControl(Native.SetNoNewPrivileges, 1, 0, 0, 0), "cannot give up new privileges");
    }

    private static void Limit(LimitSpec limit)
    {
        var softAndHard = stackalloc ulong[2];
        softAndHard[0] = softAndHard[1] = unchecked((ulong)limit.Amount);
        _ = Native.Check(Native.SetLimit(limit.Number, softAndHard), $"cannot set the limit {limit.Name} to {Words(limit.Amount)}");
    }

    private static string Words(long amount) => amount < 0 ? "unlimited" : amount.ToString(CultureInfo.InvariantCulture);

    private static void Switch(AccountSpec account)
    {
        var groups = account.Groups.ToArray();
        fixed (uint* start = groups)
        {
            uint nothing = 0;
            _ = Native.Check(
                Native.SetGroups((nuint)groups.Length, groups.Length == 0 ? &nothing : start), "cannot change the account's groups");
        }

        _ = Native.Check(Native.SetGroup(account.Group, account.Group, account.Group), "cannot change the group");
        _ = Native.Check(Native.SetUser(account.User, account.User, account.User), "cannot change the user");
    }
}
