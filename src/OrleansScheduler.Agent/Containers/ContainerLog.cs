using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OrleansScheduler.Agent;

/// <summary>
/// Copies the output of a container from its engine into the attempt's files, each piece once. Where the copy is stands in a mark beside
/// the files: the engine's time of the last piece and how many pieces of that time there were, since engines may count in whole seconds.
/// What was written after the mark is cut off and copied again, so neither the agent's end nor the engine's loses or doubles anything.
/// </summary>
/// <remarks>A clock that steps back by more than a second between two copies hides what was written meanwhile: engines leave it
/// out.</remarks>
internal sealed class ContainerLog(AttemptDirectory attempt, LogSpec limits) : IDisposable
{
    private const int HeaderBytes = 8;
    private const int LongestTime = 64;
    private const int SaveEvery = 64 * 1024;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Copies on from the mark until the engine says no more.</summary>
    /// <param name="open">Asks the engine for all output since a time in seconds; null for all there is. Each piece has its time in
    /// front.</param>
    /// <param name="cancellationToken">Ends the copy; the mark says how far it came.</param>
    /// <exception cref="IOException">The engine or the disk fails.</exception>
    public async Task Copy(Func<long?, CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var mark = ReadMark();
            using var stdout = new ContainerOutput(attempt.Logs(ProcessDriver.MainProcess), "stdout", limits, mark.Stdout);
            using var stderr = new ContainerOutput(attempt.Logs(ProcessDriver.MainProcess), "stderr", limits, mark.Stderr);
            await using var pieces = await open(Since(mark), cancellationToken);
            await Copy(pieces, stdout, stderr, mark, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task Copy(Stream pieces, ContainerOutput stdout, ContainerOutput stderr, LogMark mark,
        CancellationToken cancellationToken)
    {
        var (isNew, passed, unsaved) = (mark.At.Length == 0, 0, 0L);
        try
        {
            while (await Fill(pieces, HeaderBytes, cancellationToken))
            {
                var file = _buffer[0] == 2 ? stderr : stdout;
                var left = (long)BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(4));
                var (time, inFront) = await Time(pieces, left, cancellationToken);
                left -= inFront.Length + time.Length + 1;

                // Everything before the mark was copied, and so many pieces of its very time.
                if (!isNew && string.CompareOrdinal(time, mark.At) > 0) isNew = true;
                if (!isNew && time == mark.At && passed++ == mark.Seen) isNew = true;
                if (isNew) file.Write(inFront);
                while (left > 0)
                {
                    var read = await pieces.ReadAsync(_buffer.AsMemory(0, (int)Math.Min(left, _buffer.Length)), cancellationToken);
                    if (read == 0) throw new EndOfStreamException("the engine ended in the middle of a piece of output");
                    left -= read;
                    if (isNew) file.Write(_buffer.AsSpan(0, read));
                }

                if (!isNew) continue;
                unsaved += stdout.End + stderr.End - mark.Stdout - mark.Stderr;
                mark = new(time, time == mark.At ? mark.Seen + 1 : 1, stdout.End, stderr.End);
                if (unsaved < SaveEvery) continue;
                Save(mark);
                unsaved = 0;
            }
        }
        finally
        {
            Save(mark);
        }
    }

    /// <summary>The time in front of a piece, and what else was read with it.</summary>
    private async Task<(string Time, byte[] InFront)> Time(Stream pieces, long length, CancellationToken cancellationToken)
    {
        var first = (int)Math.Min(length, LongestTime);
        if (!await Fill(pieces, first, cancellationToken)) throw new EndOfStreamException("the engine ended in the middle of its output");
        var blank = _buffer.AsSpan(0, first).IndexOf((byte)' ');
        if (blank < 0) throw new InvalidDataException("the engine's output has no times");
        return (Encoding.ASCII.GetString(_buffer, 0, blank), _buffer[(blank + 1)..first]);
    }

    private async Task<bool> Fill(Stream pieces, int length, CancellationToken cancellationToken)
    {
        var read = await pieces.ReadAtLeastAsync(_buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken);
        return read == length;
    }

    // A second early: engines differ in whether they count the time itself.
    private static long? Since(LogMark mark) =>
        DateTimeOffset.TryParse(mark.At, CultureInfo.InvariantCulture, out var at) ? at.ToUnixTimeSeconds() - 1 : null;

    private string MarkPath => Path.Combine(attempt.Root, "log.mark");

    private LogMark ReadMark()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(MarkPath), ContainerJson.Default.LogMark) ?? LogMark.Start;
        }
        catch (Exception e) when (e is FileNotFoundException or JsonException)
        {
            return LogMark.Start;
        }
    }

    private void Save(LogMark mark)
    {
        var temporary = MarkPath + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(mark, ContainerJson.Default.LogMark));
        File.Move(temporary, MarkPath, overwrite: true);
    }
}
