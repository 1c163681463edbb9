using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Agent;

/// <summary>
/// What the agent must know again whatever happens to it or to the machine: the highest ledger epoch that was obeyed, every attempt that it
/// looks after with what is known of it, and which attempts were ever accepted here, so that no late or repeated command starts one
/// of them again.
/// </summary>
/// <remarks>
/// What commands say is durable before any of them is carried out, one wait for the disk a batch. What becomes of attempts later is written
/// without waiting: should it be lost with the power, the supervisors' records and the number of the boot say it again.
/// </remarks>
internal sealed class NodeJournal : IDisposable
{
    /// <summary>How many accepted attempts are remembered at least; beyond twice as many the oldest are dropped.</summary>
    public const int Remembered = 10_000;

    /// <summary>Its file in the state directory.</summary>
    public const string FileName = "agent.wal";

    private const int Format = 1;
    private const int LeastToCompact = 4 * 1024 * 1024;
    private readonly Lock _lock = new();
    private readonly WriteAheadFile _file;
    private readonly HashSet<AttemptId> _accepted = [];
    private readonly Queue<AttemptId> _order = [];
    private readonly Dictionary<AttemptId, AttemptRecord> _records = [];
    private long _compacted;

    /// <summary>Reads the journal of a state directory, or begins one.</summary>
    /// <exception cref="AgentStartException">It is another agent's, or damaged.</exception>
    public NodeJournal(string stateDirectory, string agent, string node)
    {
        _file = new(Path.Combine(stateDirectory, FileName), $"osched agent {agent} of node {node}, format {Format}");
        foreach (var entry in _file.Entries) Replay(JsonSerializer.Deserialize(entry.Span, JournalJson.Default.JournalEntry)!);
        _file.Forget();
        _compacted = _file.Length;
    }

    /// <summary>Highest epoch of the ledger that was obeyed.</summary>
    public long LedgerEpoch { get; private set; }

    /// <summary>How often the disk was waited for.</summary>
    public long Syncs => _file.Syncs;

    /// <summary>What is known of every attempt that was not forgotten.</summary>
    public ImmutableArray<AttemptRecord> Records
    {
        get
        {
            lock (_lock) return [.. _records.Values];
        }
    }

    /// <summary>Whether the attempt was accepted before.</summary>
    public bool Contains(AttemptId attempt)
    {
        lock (_lock) return _accepted.Contains(attempt);
    }

    /// <summary>Whether the attempt is looked after.</summary>
    public bool Knows(AttemptId attempt)
    {
        lock (_lock) return _records.ContainsKey(attempt);
    }

    /// <summary>Remembers a batch of commands. Durable when it returns.</summary>
    /// <param name="ledgerEpoch">The epoch that they carry.</param>
    /// <param name="attempts">Attempts that are accepted with them.</param>
    /// <exception cref="IOException">The disk did not take it: none of the commands may be carried out.</exception>
    public void Accept(long ledgerEpoch, IReadOnlyCollection<AttemptRecord> attempts)
    {
        lock (_lock)
        {
            var entries = attempts.Select(record => new JournalEntry { Accepted = record }).ToList();
            if (ledgerEpoch > LedgerEpoch) entries.Add(new() { Epoch = ledgerEpoch });
            if (entries.Count == 0) return;
            CompactIfLarge();
            Append(entries, durable: true);
        }
    }

    /// <summary>Notes what has become of an attempt.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Note(AttemptRecord record)
    {
        lock (_lock) Append([new() { Changed = record with { Spec = "" } }], durable: false);
    }

    /// <summary>Looks no longer after an attempt. That it was accepted is still known.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Forget(AttemptId attempt)
    {
        lock (_lock) Append([new() { Forgotten = attempt.ToString() }], durable: false);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Append(List<JournalEntry> entries, bool durable)
    {
        _file.Append([.. entries.Select(Bytes)], durable);
        foreach (var entry in entries) Replay(entry);
    }

    private void CompactIfLarge()
    {
        while (_order.Count > 2 * Remembered) _accepted.Remove(_order.Dequeue());
        if (_file.Length < Math.Max(LeastToCompact, 2 * _compacted)) return;
        _file.Rewrite([.. Everything().Select(Bytes)]);
        _compacted = _file.Length;
    }

    private IEnumerable<JournalEntry> Everything()
    {
        yield return new() { Epoch = LedgerEpoch };
        foreach (var attempt in _order.Where(attempt => !_records.ContainsKey(attempt))) yield return new() { Seen = attempt.ToString() };
        foreach (var record in _records.Values) yield return new() { Accepted = record };
    }

    private void Replay(JournalEntry entry)
    {
        LedgerEpoch = Math.Max(LedgerEpoch, entry.Epoch);
        if (entry.Seen is { } seen) Remember(AttemptId.Parse(seen));
        if (entry.Accepted is { } accepted)
        {
            var id = AttemptId.Parse(accepted.Name);
            Remember(id);
            _records[id] = accepted;
        }

        if (entry.Changed is { } changed && AttemptId.Parse(changed.Name) is var one && _records.TryGetValue(one, out var known))
            _records[one] = changed with { Spec = known.Spec };
        if (entry.Forgotten is { } forgotten) _records.Remove(AttemptId.Parse(forgotten));
    }

    private void Remember(AttemptId attempt)
    {
        if (_accepted.Add(attempt)) _order.Enqueue(attempt);
    }

    private static byte[] Bytes(JournalEntry entry) => JsonSerializer.SerializeToUtf8Bytes(entry, JournalJson.Default.JournalEntry);
}

/// <summary>One entry of the journal; exactly one of its parts is given.</summary>
internal sealed record JournalEntry
{
    /// <summary>A ledger epoch that was obeyed; 0 for none.</summary>
    public long Epoch { get; set; }

    /// <summary>An attempt that was accepted.</summary>
    public AttemptRecord? Accepted { get; set; }

    /// <summary>What is known of an attempt now, without what it runs.</summary>
    public AttemptRecord? Changed { get; set; }

    /// <summary>An attempt that is no longer looked after.</summary>
    public string? Forgotten { get; set; }

    /// <summary>An attempt that was accepted before and is no longer looked after.</summary>
    public string? Seen { get; set; }
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
