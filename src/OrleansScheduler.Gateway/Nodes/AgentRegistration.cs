using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway;

/// <summary>An agent's first message, checked: what it says about itself is believed from here on.</summary>
/// <param name="Node">The node.</param>
/// <param name="Attempts">Every attempt that the agent knows.</param>
/// <param name="LedgerEpoch">Highest epoch of the ledger that the agent has obeyed; 0 for none.</param>
internal sealed record AgentRegistration(NodeDescription Node, ImmutableArray<AttemptReport> Attempts, long LedgerEpoch)
{
    private const long LargestAmount = 1L << 50;
    private const int MaxPort = 65_535;
    private const int MaxAttempts = 20_000;
    private const int MaxAttributes = 64;
    private const int MaxValues = 64;
    private const int MaxTextLength = 255;

    public static Answer<AgentRegistration> Read(Register message)
    {
        if (!JobKey.IsValidPart(message.NodeId)) return Bad("node_id", $"a node id is {JobKey.PartRule}");
        if (!IsText(message.Host) || message.Host.Length == 0)
            return Bad("host", "a host is 1 to 255 characters without control characters");
        if (!IsText(message.BootId)) return Bad("boot_id", "a boot id is at most 255 characters without control characters");
        if (!IsText(message.AgentVersion)) return Bad("agent_version", "a version is at most 255 characters without control characters");
        if (!IsText(message.AgentId)) return Bad("agent_id", "an agent id is at most 255 characters without control characters");
        if (message.Capacity is null || !IsAmount(message.Capacity))
            return Bad("capacity", "every amount is given, at least 0 and below 2^50");
        if (!ArePorts(message.FirstPort, message.PortCount)) return Bad("ports", $"the range lies within 1 and {MaxPort}");
        if (message.Attributes.Count > MaxAttributes || !message.Attributes.All(attribute => IsAttribute(attribute.Key, attribute.Value)))
            return Bad(
                "attributes",
                $"at most {MaxAttributes} names, each {JobKey.PartRule}, with 1 to {MaxValues} values of 1 to {MaxTextLength} characters");
        if (message.Attempts.Count > MaxAttempts) return Bad("attempts", $"at most {MaxAttempts} attempts");
        if (!AgentMessages.TryRead(message.Attempts, out var attempts)) return Bad("attempts", AgentMessages.ReportRule);
        var node = AgentMessages.Describe(message);
        if (NodeRules.CheckReserved(node.Reserved) is { } reservation) return Bad("reserved", reservation);
        if (NodeRules.CheckCustom(node.Custom) is { } custom) return Bad("custom", custom);
        if (!NodeRules.IsOvercommit(node.Overcommit))
            return Bad("overcommit", $"it is between 1 and {NodeRules.MaxOvercommit}");
        if (message.LedgerEpoch < 0) return Bad("ledger_epoch", "it is 0 or above");
        return new AgentRegistration(node, attempts, message.LedgerEpoch);
    }

    private static Problem Bad(string field, string rule)
    {
        var message = $"Field '{field}' of the registration is wrong: {rule}.";
        return new(ProblemKind.Invalid, "invalid-registration", message, [new("invalid-registration", field, message, 0, 0, 0)]);
    }

    private static bool IsAmount(Contracts.Protocol.Resources amounts) =>
        new[] { amounts.CpuMillis, amounts.MemoryMib, amounts.DiskMib, amounts.GpuMillis }.All(
            amount => amount is >= 0 and < LargestAmount);

    private static bool ArePorts(int first, int count) => count == 0 || (first >= 1 && count > 0 && (long)first + count - 1 <= MaxPort);

    private static bool IsAttribute(string name, AttributeValues values) =>
        JobKey.IsValidPart(name) && values.Values.Count is >= 1 and <= MaxValues
            && values.Values.All(value => value.Length > 0 && IsText(value));

    private static bool IsText(string text) => text.Length <= MaxTextLength && !text.Any(char.IsControl);
}
