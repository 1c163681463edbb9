using System.Text.Json;

namespace OrleansScheduler.Shim;

/// <summary>How a task ended, as its supervisor leaves it for whoever asks, however much later.</summary>
internal sealed record ExitRecord
{
    /// <summary>Exit code; null when a signal ended it or it never ran.</summary>
    public int? Code { get; init; }

    /// <summary>The signal that ended it.</summary>
    public int? Signal { get; init; }

    /// <summary>Whether the kernel killed one of its processes because the task needed more memory than it may use.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>Why it could not be started; null when it ran.</summary>
    public string? Error { get; init; }

    /// <summary>What the numbers do not say, for people.</summary>
    public string? Message { get; init; }

    /// <summary>Processor time of all its processes, in milliseconds.</summary>
    public long CpuMillis { get; init; }

    /// <summary>Most memory that one of its processes had at once, in bytes.</summary>
    public long PeakBytes { get; init; }

    /// <summary>When it ended, in milliseconds since 1970.</summary>
    public long At { get; init; }

    /// <summary>Reads a record; null when there is none yet.</summary>
    public static ExitRecord? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ShimJson.Default.ExitRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            // Only a machine that lost its power leaves one that is not whole; then the directory tells nothing either.
            return null;
        }
    }

    /// <summary>Makes the record durable; readers see all of it or nothing.</summary>
    /// <param name="path">Where it is to be.</param>
    /// <param name="directory">A directory of the same file system for what is not yet whole.</param>
    public void Write(string path, string directory)
    {
        var temporary = Path.Combine(directory, "exit.new");
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(JsonSerializer.SerializeToUtf8Bytes(this, ShimJson.Default.ExitRecord));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        var parent = Native.Check(
            Native.Open(Path.GetDirectoryName(path)!, Native.ReadOnly | Native.CloseOnExec, 0), "cannot open the directory of exits");
        _ = Native.Sync(parent);
        _ = Native.Close(parent);
    }
}
