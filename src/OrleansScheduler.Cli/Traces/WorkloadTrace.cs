namespace OrleansScheduler.Cli;

/// <summary>One machine of a trace.</summary>
/// <param name="Capacity">What it has.</param>
/// <param name="Model">Its GPU model, or what else tasks choose machines by; empty when there is nothing of the kind.</param>
internal sealed record TraceNode(Resources Capacity, string Model);

/// <summary>One task of a trace.</summary>
/// <param name="Request">What it asks for; a task of several pieces, for each.</param>
/// <param name="Models">GPU models that will do, separated by <c>|</c>; empty for any.</param>
/// <param name="ArrivesAt">When it came, in seconds from the start of the trace.</param>
/// <param name="RunsFor">How long it ran, in seconds.</param>
internal sealed record TraceTask(Resources Request, string Models, double ArrivesAt, double RunsFor)
{
    /// <summary>Equal pieces that start together.</summary>
    public int Pieces { get; init; } = 1;

    /// <summary>How long it waited in the system that wrote the trace; null when the trace does not say.</summary>
    public double? WaitedFor { get; init; }
}

/// <summary>
/// Real machines and tasks: <c>node,cpu_milli,memory_mib,gpu,gpu_model</c> and
/// <c>pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,…,creation_s,deletion_s</c> and, if it is known, <c>scheduled_s</c>; or the
/// two files of a <see cref="BatchLog"/>, or the one of a <see cref="GridLog"/>.
/// </summary>
internal static class WorkloadTrace
{
    private const int MostGpus = 1024;

    /// <summary>Nodes from a file, or of the trace that comes with the program.</summary>
    /// <exception cref="InvalidDataException">A line is not as described.</exception>
    public static List<TraceNode> ReadNodes(string? file)
    {
        var rows = TraceFile.Read(file ?? "openb_nodes", file is not null);
        return [.. BatchLog.HasNodes(rows[0]) ? rows.SelectMany(BatchLog.Nodes) : rows.Select(Node)];
    }

    /// <summary>Tasks from a file, or of a trace that comes with the program: <c>openb_pods_default</c> or
    /// <c>openb_pods_gpuspec33</c>.</summary>
    /// <exception cref="InvalidDataException">A line is not as described.</exception>
    public static List<TraceTask> ReadTasks(string? file, string embedded = "openb_pods_default")
    {
        var rows = TraceFile.Read(file ?? embedded, file is not null);
        if (BatchLog.HasTasks(rows[0])) return [.. rows.Select(BatchLog.Task)];
        return [.. GridLog.HasTasks(rows[0]) ? rows.Select(GridLog.Task) : rows.Select(Task)];
    }

    // A list of GPU machines may count whole processors and leave the memory out: 8 GiB each is usual there.
    private static TraceNode Node(TraceRow row)
    {
        var isWhole = !row.Has("cpu_milli") && row.Has("cpu");
        var cpu = isWhole ? row.Long("cpu", 1 << 20) * 1000 : row.Long("cpu_milli");
        var memory = isWhole ? cpu * 8192 / 1000 : row.Long("memory_mib");
        return new(new Resources(cpu, memory, 0, row.Long("gpu", MostGpus) * Shape.Device), row.Text("gpu_model"));
    }

    private static TraceTask Task(TraceRow row)
    {
        var gpus = row.Long("num_gpu", MostGpus);
        var milli = gpus == 0 ? 0 : gpus == 1 ? row.Long("gpu_milli", Shape.Device) : gpus * Shape.Device;
        var (from, to) = (row.Number("creation_s"), row.Number("deletion_s"));
        var request = new Resources(row.Long("cpu_milli"), row.Long("memory_mib"), 0, milli);
        var isKnown = row.Has("scheduled_s") && row.Text("scheduled_s").Length > 0;
        return new(request, row.Text("gpu_spec"), from, Math.Max(0, to - from))
        {
            WaitedFor = isKnown ? Math.Max(0, row.Number("scheduled_s") - from) : null,
        };
    }
}
