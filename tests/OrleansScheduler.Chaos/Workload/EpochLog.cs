using System.Text.Json;
using OrleansScheduler.Agent;

namespace OrleansScheduler.Chaos;

/// <summary>Looks all the time at what agents have written down: the highest epoch of the ledger that each has obeyed.</summary>
internal sealed class EpochLog(ClusterDriver cluster)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private readonly Dictionary<string, ImmutableArray<long>.Builder> _seen = [];
    private readonly Dictionary<string, long> _read = [];

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var agent in cluster.Agents) Look(agent);
            await Task.Delay(Period, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>What was seen, by agent; the same epoch again is left out.</summary>
    /// <exception cref="InvalidOperationException">Nothing was: their files are not what is looked for here.</exception>
    public ImmutableDictionary<string, ImmutableArray<long>> Read() => _seen.Values.Any(epochs => epochs.Count > 0)
        ? _seen.ToImmutableDictionary(agent => agent.Key, agent => agent.Value.ToImmutable())
        : throw new InvalidOperationException("No agent has written down an epoch of the ledger, as far as can be read.");

    /// <summary>Commands that agents have refused because their sender was not the newest, by their logs.</summary>
    public int Refused() => cluster.Agents.Sum(agent => File.ReadLines(agent.Log).Count(line =>
        line.Contains("were refused: their", StringComparison.Ordinal) || line.Contains("is not started again", StringComparison.Ordinal)));

    /// <summary>Reads on where it stopped; a file that has become shorter was written anew.</summary>
    private void Look(CellProcess agent)
    {
        var path = Path.Combine(cluster.StateOf(agent), NodeJournal.FileName);
        if (!File.Exists(path)) return;
        var seen = _seen.TryGetValue(agent.Name, out var known) ? known : _seen[agent.Name] = ImmutableArray.CreateBuilder<long>();
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var from = _read.GetValueOrDefault(agent.Name);
        if (file.Length < from) from = 0;
        var bytes = new byte[file.Length - from];
        file.Position = from;
        file.ReadExactly(bytes);
        var entries = new List<ReadOnlyMemory<byte>>();
        _read[agent.Name] = from + WriteAheadFile.Read(bytes, entries);
        foreach (var entry in entries.Skip(from == 0 ? 1 : 0))
        {
            var epoch = JsonSerializer.Deserialize(entry.Span, JournalJson.Default.JournalEntry)!.Epoch;
            if (epoch > 0 && (seen.Count == 0 || seen[^1] != epoch)) seen.Add(epoch);
        }
    }
}
