using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <summary>Reads pieces of what attempts have written.</summary>
internal sealed class LogReader(StateDirectory state, AttemptTable table)
{
    /// <summary>Most bytes of one piece.</summary>
    public const int LargestPiece = 256 * 1024;

    private const int NextData = 3;

    /// <summary>Reads a piece.</summary>
    /// <param name="id">The attempt; null when the question named none.</param>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="offset">Where to start; negative counts from the end.</param>
    /// <param name="maxBytes">Most bytes to read; 0 means as many as there may be.</param>
    /// <returns>The piece. It starts later than asked when what was asked for is no longer kept.</returns>
    public Answer<LogChunk> Read(AttemptId? id, string stream, long offset, int maxBytes)
    {
        if (id is not { } attempt) return Problem.Of(ProblemKind.Malformed, "bad-attempt", "The question names no attempt.");
        if (stream is not ("stdout" or "stderr"))
            return Problem.Of(ProblemKind.Invalid, "bad-stream", $"There is no stream '{stream}'; there are stdout and stderr.");

        // Asked before the file is read: what is written in between must not be taken for the end.
        var ended = table.Find(attempt)?.Record.Status.IsTerminal() ?? true;
        var path = new AttemptDirectory(state.Root, attempt).Log(stream);
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Read(file, attempt.Number, offset, maxBytes is > 0 and < LargestPiece ? maxBytes : LargestPiece, ended);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            if (table.Find(attempt) is not null) return new LogChunk(attempt.Number, 0, [], ended);
            return Problem.Of(ProblemKind.NotFound, "log-not-found", $"The output of {attempt} is not on this node, or no longer.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problem.Of(ProblemKind.Unavailable, "log-unreadable", $"The output of {attempt} cannot be read: {e.Message}");
        }
    }

    private static LogChunk Read(SafeFileHandle file, int number, long offset, int maxBytes, bool ended)
    {
        var length = RandomAccess.GetLength(file);
        var start = Math.Clamp(offset < 0 ? length + offset : offset, 0, length);

        // Old output of a task that writes without end is given up in place (LogKeeper): then the first that is still there follows.
        if (start < length && Posix.Seek(file, start, NextData) is > 0 and var data) start = Math.Max(start, data);
        var bytes = new byte[Math.Min(maxBytes, length - start)];
        var read = RandomAccess.Read(file, bytes, start);
        if (read < bytes.Length) Array.Resize(ref bytes, read);
        return new(number, start, ImmutableCollectionsMarshal.AsImmutableArray(bytes), ended && start + read >= length);
    }
}
