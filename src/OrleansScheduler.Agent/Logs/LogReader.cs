using System.Runtime.InteropServices;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>Reads pieces of what attempts have written.</summary>
internal sealed class LogReader(StateDirectory state, AttemptTable table)
{
    /// <summary>Most bytes of one piece.</summary>
    public const int LargestPiece = 256 * 1024;

    // A task that writes without end may take away a file between two looks; not again and again.
    private const int MostTries = 5;

    /// <summary>Reads a piece.</summary>
    /// <param name="id">The attempt; null when the question named none.</param>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>; of one of several processes <c>PROCESS/stdout</c>.</param>
    /// <param name="offset">Where to start; negative counts from the end.</param>
    /// <param name="maxBytes">Most bytes to read; 0 means as many as there may be.</param>
    /// <returns>The piece. It starts later than asked when what was asked for is no longer kept.</returns>
    public Answer<LogChunk> Read(AttemptId? id, string stream, long offset, int maxBytes)
    {
        if (id is not { } attempt) return Problem.Of(ProblemKind.Malformed, "bad-attempt", "The question names no attempt.");
        var (process, kind) = stream.LastIndexOf('/') is > 0 and var slash
            ? (stream[..slash], stream[(slash + 1)..])
            : (ProcessDriver.MainProcess, stream);
        if (kind is not ("stdout" or "stderr") || !JobKey.IsValidPart(process))
        {
            return Problem.Of(ProblemKind.Invalid, "bad-stream",
                $"There is no stream '{stream}'; there are stdout and stderr, and PROCESS/stdout of one of several processes.");
        }

        // Asked before the file is read: what is written in between must not be taken for the end.
        var ended = table.Find(attempt)?.Record.Status.IsTerminal() ?? true;
        var directory = new AttemptDirectory(state.Root, attempt).Logs(process);
        try
        {
            for (var tries = 0; tries < MostTries; tries++)
            {
                if (LogSegments.StartsOf(directory, kind) is not [_, ..] starts) break;
                if (Read(directory, kind, starts, offset, maxBytes is > 0 and < LargestPiece ? maxBytes : LargestPiece) is not { } piece)
                    continue;
                return new LogChunk(attempt.Number, piece.Start, piece.Data, ended && piece.IsLast);
            }

            if (table.Find(attempt) is not null) return new LogChunk(attempt.Number, 0, [], ended);
            return Problem.Of(ProblemKind.NotFound, "log-not-found", $"The output of {attempt} is not on this node, or no longer.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problem.Of(ProblemKind.Unavailable, "log-unreadable", $"The output of {attempt} cannot be read: {e.Message}");
        }
    }

    /// <summary>A piece of the file that holds the place; null when that file was removed since it was looked for.</summary>
    private static (long Start, ImmutableArray<byte> Data, bool IsLast)? Read(
        string directory, string stream, ImmutableArray<long> starts, long offset, int maxBytes)
    {
        try
        {
            var end = starts[^1] + new FileInfo(LogSegments.PathOf(directory, stream, starts[^1])).Length;
            var start = Math.Clamp(offset < 0 ? end + offset : offset, starts[0], end);
            var segment = starts.Last(begin => begin <= start);
            using var file = File.OpenHandle(
                LogSegments.PathOf(directory, stream, segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[Math.Min(maxBytes, Math.Max(0, RandomAccess.GetLength(file) - (start - segment)))];
            var read = RandomAccess.Read(file, bytes, start - segment);
            if (read < bytes.Length) Array.Resize(ref bytes, read);
            return (start, ImmutableCollectionsMarshal.AsImmutableArray(bytes), segment == starts[^1] && start + read >= end);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
