namespace OrleansScheduler.Agent;

/// <summary>
/// Bounds the disk that output takes. Tasks append to one file per stream, which nobody can rotate under them without losing lines; instead
/// the oldest part of a file that has grown too long is given back to the file system in place. Offsets stay what they were.
/// </summary>
internal sealed partial class LogKeeper(AttemptTable table, ILogger<LogKeeper> logger)
{
    private const int KeepSizeAndPunchHole = 3;
    private const long Block = 4096;
    private bool _isUnsupported;

    /// <summary>Looks at the output of every attempt.</summary>
    public void Trim()
    {
        foreach (var attempt in table.All)
        {
            if (attempt.Spec is not { } spec) continue;
            Trim(attempt.Directory.Log("stdout"), spec.Logs);
            Trim(attempt.Directory.Log("stderr"), spec.Logs);
        }
    }

    // As much as files rotated at that size would take: the current one and those that are kept.
    private void Trim(string path, LogSpec limits)
    {
        var piece = limits.RotateSizeMiB * 1024 * 1024;
        var length = new FileInfo(path) is { Exists: true } file ? file.Length : 0;
        if (_isUnsupported || length <= piece * (limits.Keep + 1)) return;
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var surplus = (length - (piece * limits.Keep)) / Block * Block;
        if (surplus > 0 && Posix.Allocate(handle, KeepSizeAndPunchHole, 0, surplus) != 0)
        {
            _isUnsupported = true;
            LogUnsupported();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "File system of the state directory cannot give up parts of files; the output of tasks is not bounded")]
    private partial void LogUnsupported();
}
