using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>
/// The log of a batch system: <c>cluster,nodes,cpus_per_node,ram_kib_per_node</c> and
/// <c>job,submit_unix,wait_s,run_s,…,req_mem_bytes,…,nodes,ppn,properties</c>.
/// </summary>
/// <remarks>
/// A job of several nodes is as many pieces of <c>ppn</c> processors, which start together and may share a machine. Of the properties,
/// <c>cl_x</c> binds a job to the machines of cluster x; single hosts, exclusive use and software are not asked for. A run time below zero
/// is a broken record and counts as 0.
/// </remarks>
internal static class BatchLog
{
    private const string ClusterPrefix = "cl_";
    private const double BytesPerMiB = 1 << 20;
    private const int MostPieces = 1 << 16;

    /// <summary>Whether a list of machines is of this kind.</summary>
    public static bool HasNodes(TraceRow row) => row.Has("cpus_per_node");

    /// <summary>Whether a list of tasks is of this kind.</summary>
    public static bool HasTasks(TraceRow row) => row.Has("req_mem_bytes");

    /// <summary>The machines of one line.</summary>
    public static IEnumerable<TraceNode> Nodes(TraceRow row)
    {
        var capacity = new Resources(row.Long("cpus_per_node", 1 << 20) * 1000, row.Long("ram_kib_per_node", 1L << 40) / 1024, 0, 0);
        return Enumerable.Repeat(new TraceNode(capacity, row.Text("cluster")), (int)row.Long("nodes", 1 << 20));
    }

    /// <summary>The job of one line.</summary>
    public static TraceTask Task(TraceRow row)
    {
        // A host's name may stand where the number of nodes does: that one.
        var isNumber = int.TryParse(row.Text("nodes"), NumberStyles.None, CultureInfo.InvariantCulture, out var nodes);
        var pieces = isNumber && nodes > 0 ? nodes : 1;
        if (pieces > MostPieces) throw new InvalidDataException($"{row.Place}: nodes must be {MostPieces} at most, not {nodes}");
        var cpu = (long)Math.Ceiling(row.Number("ppn") * 1000);
        var memory = (long)Math.Ceiling(row.Long("req_mem_bytes", 1L << 50) / BytesPerMiB / pieces);
        if (cpu is < 0 or > int.MaxValue || memory > int.MaxValue)
            throw new InvalidDataException($"{row.Place}: ppn or req_mem_bytes is out of range");
        var clusters = row.Text("properties").Split('|').Select(property => property.Split('#')[0])
            .Where(property => property.StartsWith(ClusterPrefix, StringComparison.Ordinal))
            .Select(property => property[ClusterPrefix.Length..]).Distinct();
        var (from, lasted) = (row.Number("submit_unix"), Math.Max(0, row.Number("run_s")));
        return new(new Resources(cpu, memory, 0, 0), string.Join('|', clusters), from, lasted)
        {
            Pieces = pieces,
            WaitedFor = Math.Max(0, row.Number("wait_s")),
        };
    }
}
