using System.Globalization;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>
/// What must survive even a power failure: the highest ledger epoch that was obeyed and the attempts that were ever accepted here,
/// so that no late or repeated command can start one of them again.
/// </summary>
/// <remarks>One line each, appended and made durable once per batch of commands, before any of them is carried out.</remarks>
internal sealed class CommandJournal : IDisposable
{
    /// <summary>How many accepted attempts are remembered at least; beyond twice as many the oldest are dropped.</summary>
    public const int Remembered = 10_000;

    private readonly string _path;
    private readonly HashSet<AttemptId> _accepted = [];
    private readonly Queue<AttemptId> _order = [];
    private FileStream? _file;

    /// <summary>Reads the journal of a state directory, or begins one. A line that was cut off was never obeyed.</summary>
    public CommandJournal(string stateDirectory)
    {
        _path = Path.Combine(stateDirectory, "commands.log");
        if (File.Exists(_path)) Replay(File.ReadAllText(_path));
        _file = Rewrite();
    }

    /// <summary>Highest epoch of the ledger that was obeyed.</summary>
    public long LedgerEpoch { get; private set; }

    /// <summary>How often the disk was waited for.</summary>
    public long Syncs { get; private set; }

    /// <summary>Whether the attempt was accepted before.</summary>
    public bool Contains(AttemptId attempt) => _accepted.Contains(attempt);

    /// <summary>Remembers a batch of commands. Durable when it returns.</summary>
    /// <param name="ledgerEpoch">The epoch that they carry.</param>
    /// <param name="attempts">Attempts that are accepted with them.</param>
    /// <exception cref="IOException">The disk did not take it: none of the commands may be carried out.</exception>
    public void Accept(long ledgerEpoch, IEnumerable<AttemptId> attempts)
    {
        var lines = new StringBuilder();
        if (ledgerEpoch > LedgerEpoch) lines.Append(CultureInfo.InvariantCulture, $"epoch {ledgerEpoch}\n");
        var added = attempts.Where(attempt => !_accepted.Contains(attempt)).Distinct().ToList();
        foreach (var attempt in added) lines.Append(CultureInfo.InvariantCulture, $"attempt {attempt}\n");
        if (lines.Length == 0) return;
        Append(Encoding.UTF8.GetBytes(lines.ToString()));
        LedgerEpoch = Math.Max(ledgerEpoch, LedgerEpoch);
        foreach (var attempt in added) Remember(attempt);
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Append(ReadOnlySpan<byte> lines)
    {
        if (_file is null || _order.Count > 2 * Remembered)
        {
            while (_order.Count > Remembered) _accepted.Remove(_order.Dequeue());
            _file?.Dispose();
            _file = null;
            _file = Rewrite();
        }

        try
        {
            _file.Write(lines);
            _file.Flush(flushToDisk: true);
            Syncs++;
        }
        catch (IOException)
        {
            // Half a line may be there: the next batch begins with a new file.
            _file.Dispose();
            _file = null;
            throw;
        }
    }

    private void Replay(string text)
    {
        var lines = text.Split('\n');
        foreach (var line in lines.AsSpan(0, lines.Length - 1))
        {
            if (line.StartsWith("epoch ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
                LedgerEpoch = Math.Max(LedgerEpoch, epoch);
            else if (line.StartsWith("attempt ", StringComparison.Ordinal) && AttemptId.TryParse(line[8..], out var attempt))
                Remember(attempt);
            else
                throw new InvalidDataException($"{_path} holds a line that is no command: it is damaged or another program's");
        }
    }

    private bool Remember(AttemptId attempt)
    {
        if (!_accepted.Add(attempt)) return false;
        _order.Enqueue(attempt);
        return true;
    }

    private FileStream Rewrite()
    {
        var temporary = _path + ".new";
        using (var file = File.Create(temporary))
        {
            using var writer = new StreamWriter(file, leaveOpen: true);
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"epoch {LedgerEpoch}\n"));
            foreach (var attempt in _order) writer.Write(string.Create(CultureInfo.InvariantCulture, $"attempt {attempt}\n"));
            writer.Flush();
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
        Posix.SyncDirectory(Path.GetDirectoryName(_path)!);
        Syncs++;
        return new(_path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }
}
