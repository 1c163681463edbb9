using System.IO.Compression;

namespace OrleansScheduler.Cli;

/// <summary>CSV with a header line, compressed or not, from a file or from within the program; columns are found by name.</summary>
internal static class TraceFile
{
    /// <summary>The rows of a file, or of a trace that comes with the program.</summary>
    /// <param name="name">Path, or the name of the embedded trace.</param>
    /// <param name="isFile">Whether it is a path.</param>
    /// <exception cref="InvalidDataException">There is no such trace, it has no rows, or it is no text of this kind.</exception>
    public static List<TraceRow> Read(string name, bool isFile)
    {
        using var stream = isFile
            ? File.OpenRead(name)
            : typeof(TraceFile).Assembly.GetManifestResourceStream($"traces/{name}.csv.gz")
                ?? throw new InvalidDataException($"there is no trace {name} in the program");
        var compressed = !isFile || name.EndsWith(".gz", StringComparison.Ordinal);
        using var reader = new StreamReader(compressed ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        var header = reader.ReadLine() ?? throw new InvalidDataException($"{name} is empty");
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (i, column) in header.Split(',').Index())
        {
            if (!columns.TryAdd(column.Trim(), i)) throw new InvalidDataException($"{name} has two columns {column.Trim()}");
        }

        var rows = new List<TraceRow>();
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            if (line.Length > 0) rows.Add(new($"{name}, line {number}", columns, line.Split(',')));
        }

        return rows.Count > 0 ? rows : throw new InvalidDataException($"{name} has no rows");
    }
}
