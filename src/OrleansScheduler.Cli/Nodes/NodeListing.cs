namespace OrleansScheduler.Cli;

/// <summary>How nodes look in tables and one by one.</summary>
internal static class NodeListing
{
    /// <summary>The columns of a list of nodes.</summary>
    public static Listing<NodeView> Nodes { get; } = new(
        node => node.Description.Id,
        new("NODE", node => node.Description.Id),
        new("STATUS", node => Words.Of(node)),
        new("TASKS", node => $"{node.Tasks}"),
        new("CPU", node => Words.Cpu(node.Used, node.Description.Capacity)),
        new("MEMORY", node => Words.Memory(node.Used, node.Description.Capacity)),
        new("HOST", node => node.Description.Host),
        new("DISK", node => $"{Units.FormatMiB(node.Used.DiskMiB)}/{Units.FormatMiB(node.Description.Capacity.DiskMiB)}", WideOnly: true),
        new("PORTS", node => PortsOf(node), WideOnly: true),
        new("GENERATION", node => $"{node.Generation}", WideOnly: true),
        new("RESERVED", node => ReservedOf(node), WideOnly: true),
        new("ATTRIBUTES", node => AttributesOf(node), WideOnly: true));

    /// <summary>One node for people, with the tasks on it.</summary>
    public static void Describe(Session session, NodeView node, IReadOnlyCollection<TaskView> tasks)
    {
        session.Printer.Facts(
            ("Node", node.Description.Id),
            ("Status", Words.Of(node)),
            ("Host", node.Description.Host),
            ("Cpu", Words.Cpu(node.Used, node.Description.Capacity)),
            ("Memory", Words.Memory(node.Used, node.Description.Capacity)),
            ("Disk", $"{Units.FormatMiB(node.Used.DiskMiB)}/{Units.FormatMiB(node.Description.Capacity.DiskMiB)}"),
            ("Uses", UseOf(node.Use)),
            ("Unused", node.Use is { } use && use.Unused != Resources.None ? $"{use.Unused} that tasks asked for" : ""),
            ("Ports", PortsOf(node)),
            ("Custom", CustomOf(node.Description.Custom)),
            ("Reserved", ReservedOf(node)),
            ("Overcommit", node.Description.Overcommit > 1 ? Words.Number(node.Description.Overcommit) : ""),
            ("Attributes", AttributesOf(node)),
            ("Agent", node.Description.AgentVersion),
            ("Generation", $"{node.Generation}"),
            ("Tasks", $"{node.Tasks}"),
            ("Adopted", new(string.Join(' ', node.Adopted), Tone.Bad)),
            ("Warning", new(node.IsOvercommitted ? "more runs on it than it has" : "", Tone.Bad)),
            ("Warning", new(node.DiskPressure ? "its disk is nearly full: what runs stays, and nothing new comes" : "", Tone.Bad)));
        if (tasks.Count == 0) return;
        session.Printer.Text("");
        session.Printer.Table(tasks, TaskListing.For(session));
    }

    private static string UseOf(NodeUse? use) => use is null
        ? ""
        : (use.CpuMillis is { } cpu ? $"cpu {Units.FormatMillis(cpu)}, " : "")
            + $"memory {Units.FormatMiB(use.MemoryMiB)}; {Units.FormatMiB(use.DiskFreeMiB)} of its disk are free";

    private static string PortsOf(NodeView node) =>
        $"{node.Description.FirstPort}-{node.Description.FirstPort + node.Description.PortCount - 1}";

    private static string ReservedOf(NodeView node) =>
        string.Join("; ", node.Description.Reserved.Select(pool => $"{pool.Key}: {pool.Value}"));

    private static string CustomOf(CustomCapacity custom) => string.Join(' ', custom.Scalars
        .Select(amount => $"{amount.Key}={Units.FormatMillis(amount.Value)}")
        .Concat(custom.Sets.Select(set => $"{set.Key}={{{string.Join(',', set.Value)}}}")));

    private static string AttributesOf(NodeView node) =>
        string.Join(' ', node.Description.Attributes.Select(attribute => $"{attribute.Key}={string.Join(',', attribute.Value)}"));
}
