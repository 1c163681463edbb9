namespace OrleansScheduler.Chaos;

/// <summary>
/// S18: tasks outlive whatever happens to agents, gateways, silos and the store. Looked for among tasks of batch jobs, which nobody stops:
/// each exits by itself, unless its own processes were killed, or its node was taken out of service or without a word of the cell for too
/// long.
/// </summary>
internal static class SurvivalCheck
{
    /// <summary>
    /// Seconds for which an agent may be away without its node counting as lost or a lease ending (5 s), with something to spare. A busy
    /// machine can take many more to start it again.
    /// </summary>
    private const double ShortAbsence = 3;

    /// <summary>Seconds after a fault in which a node may still hear that its tasks were replaced.</summary>
    private const double Late = 10;

    private const string AgentDeath = "F3-kill-agent";

    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        FaultWindow[] faults =
        [
            .. FaultWindow.Of(evidence.History)
                .Where(fault => fault.Class != AgentDeath || Back(evidence, fault) - fault.From > ShortAbsence),
        ];
        var drains = DrainWindow.Of(evidence.History);
        WitnessLine[] last =
        [
            .. evidence.Witness.Where(line => final.Jobs.GetValueOrDefault(line.Attempt.Job) is { Type: JobType.Batch })
                .GroupBy(line => line.Attempt).Select(lines => lines.Last()),
        ];
        return (last.Length,
            from line in last
            where line.Kind != WitnessKind.Exit && !evidence.Killed.Contains(line.Attempt)
            where !faults.Any(fault => fault.Nodes.Contains(line.Node) && fault.From <= line.At + 1 && line.At <= fault.To + Late)
            where !drains.Any(drain => drain.Node == line.Node && drain.Asked <= line.At + 1 && line.At <= drain.Ended + Late)
            select $"{line.Attempt} on {line.Node} was last seen at {line.At:0.00}, did not exit, and nothing was done to it");
    }

    /// <summary>
    /// When the agent's node had registered again, as the feed tells it; when the agent was to start, if the feed does not.
    /// </summary>
    private static double Back(Evidence evidence, FaultWindow fault) => (
        from e in evidence.Events.Select(seen => seen.Event).OfType<EventView>()
        where e is { Kind: "node", Node: { } node, Status: "REGISTERED" } && fault.Nodes.Contains(node)
        let at = evidence.At(e.At)
        where at >= fault.Healed
        select at).DefaultIfEmpty(fault.Healed).Min();
}
