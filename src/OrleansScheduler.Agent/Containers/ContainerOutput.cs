using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>One stream of a container's output, in the files in which supervisors keep that of processes: the last full ones and the one
/// that is being written.</summary>
internal sealed class ContainerOutput : IDisposable
{
    private readonly string _directory;
    private readonly string _stream;
    private readonly LogSpec _limits;
    private FileStream? _file;
    private long _start;

    /// <param name="directory">Holds the files.</param>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="limits">How much is kept.</param>
    /// <param name="end">What is behind this place is cut off.</param>
    public ContainerOutput(string directory, string stream, LogSpec limits, long end)
    {
        (_directory, _stream, _limits, End) = (directory, stream, limits, end);
        Directory.CreateDirectory(directory);
        foreach (var start in LogSegments.StartsOf(directory, stream))
        {
            var path = LogSegments.PathOf(directory, stream, start);
            if (start > end || (start == end && end > 0)) File.Delete(path);
            else if (start + new FileInfo(path).Length > end) Open(start, end - start);
        }

        // Where the files end before it, something of them was lost; the place in the whole stream stays what it is.
        if (LogSegments.StartsOf(directory, stream) is [.., var last]
            && last + new FileInfo(LogSegments.PathOf(directory, stream, last)).Length == end && _file is null) Open(last);
    }

    /// <summary>How much has come in all.</summary>
    public long End { get; private set; }

    /// <summary>Takes a piece of output.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        if (_file is null || End - _start >= _limits.RotateSizeMiB * 1024 * 1024) Next();
        _file!.Write(bytes);
        End += bytes.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Next()
    {
        Open(End);
        var starts = LogSegments.StartsOf(_directory, _stream);
        for (var i = 0; i < starts.Length - _limits.Keep - 1; i++) File.Delete(LogSegments.PathOf(_directory, _stream, starts[i]));
    }

    private void Open(long start, long? length = null)
    {
        _file?.Dispose();
        _file = new(
            LogSegments.PathOf(_directory, _stream, start), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0);
        if (length is { } kept) _file.SetLength(kept);
        _file.Position = _file.Length;
        _start = start;
    }
}
