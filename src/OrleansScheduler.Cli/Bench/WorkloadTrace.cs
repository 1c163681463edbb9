using System.Globalization;
using System.IO.Compression;

namespace OrleansScheduler.Cli;

/// <summary>One machine of a trace.</summary>
/// <param name="Capacity">What it has.</param>
/// <param name="Model">Its GPU model; empty when it has no GPUs.</param>
internal sealed record TraceNode(Resources Capacity, string Model);

/// <summary>One task of a trace.</summary>
/// <param name="Request">What it asks for.</param>
/// <param name="Models">GPU models that will do, separated by <c>|</c>; empty for any.</param>
/// <param name="ArrivesAt">When it came, in seconds from the start of the trace.</param>
/// <param name="RunsFor">How long it ran, in seconds.</param>
internal sealed record TraceTask(Resources Request, string Models, double ArrivesAt, double RunsFor);

/// <summary>
/// Real machines and tasks as CSV with a header line, compressed or not: <c>node,cpu_milli,memory_mib,gpu,gpu_model</c> and
/// <c>pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,…,creation_s,deletion_s</c>; columns are found by name.
/// </summary>
internal static class WorkloadTrace
{
    /// <summary>Nodes from a file, or of the trace that comes with the program.</summary>
    /// <exception cref="InvalidDataException">A line is not as described.</exception>
    public static List<TraceNode> ReadNodes(string? file)
    {
        return Read(file ?? "openb_nodes", file is not null, row => new TraceNode(
            new Resources(row.Long("cpu_milli"), row.Long("memory_mib"), 0, row.Long("gpu") * 1000), row.Text("gpu_model")));
    }

    /// <summary>Tasks from a file, or of a trace that comes with the program: <c>openb_pods_default</c> or
    /// <c>openb_pods_gpuspec33</c>.</summary>
    /// <exception cref="InvalidDataException">A line is not as described.</exception>
    public static List<TraceTask> ReadTasks(string? file, string embedded = "openb_pods_default")
    {
        return Read(file ?? embedded, file is not null, row =>
        {
            var gpus = row.Long("num_gpu");
            var milli = gpus == 0 ? 0 : gpus == 1 ? row.Long("gpu_milli") : gpus * 1000;
            var (from, to) = (row.Number("creation_s"), row.Number("deletion_s"));
            return new TraceTask(
                new Resources(row.Long("cpu_milli"), row.Long("memory_mib"), 0, milli), row.Text("gpu_spec"), from, Math.Max(0, to - from));
        });
    }

    private static List<T> Read<T>(string name, bool isFile, Func<Row, T> parse)
    {
        using var stream = isFile
            ? File.OpenRead(name)
            : typeof(WorkloadTrace).Assembly.GetManifestResourceStream($"traces/{name}.csv.gz")
                ?? throw new InvalidDataException($"there is no trace {name} in the program");
        var compressed = !isFile || name.EndsWith(".gz", StringComparison.Ordinal);
        using var reader = new StreamReader(compressed ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        var header = reader.ReadLine() ?? throw new InvalidDataException($"{name} is empty");
        var columns = header.Split(',').Select((column, i) => (column, i)).ToDictionary(c => c.column, c => c.i, StringComparer.Ordinal);
        var rows = new List<T>();
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            if (line.Length > 0) rows.Add(parse(new Row($"{name}, line {number}", columns, line.Split(','))));
        }

        return rows.Count > 0 ? rows : throw new InvalidDataException($"{name} has no rows");
    }

    private readonly record struct Row(string Place, Dictionary<string, int> Columns, string[] Values)
    {
        public string Text(string column) =>
            Columns.TryGetValue(column, out var i) && i < Values.Length ? Values[i]
            : throw new InvalidDataException($"{Place}: there is no column {column}");

        public long Long(string column)
        {
            var number = Number(column);
            return number is >= 0 and <= int.MaxValue && number == Math.Floor(number) ? (long)number
                : throw new InvalidDataException($"{Place}: {column} must be a whole number from 0 to {int.MaxValue}, not {number}");
        }

        public double Number(string column)
        {
            var text = Text(column);
            if (text.Length == 0) return 0;
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number
                : throw new InvalidDataException($"{Place}: {column} must be a number, not '{text}'");
        }
    }
}
