using System.Text.Json;
using OrleansScheduler.Agent;

namespace OrleansScheduler.Chaos;

/// <summary>
/// Looks all the time at what agents have written down: the highest epoch of the ledger that each has obeyed, and what became of attempts.
/// </summary>
internal sealed class AgentJournals(ClusterDriver cluster)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private readonly Dictionary<string, ImmutableArray<long>.Builder> _seen = [];
    private readonly Dictionary<(string Agent, AttemptId Attempt), ImmutableArray<ScheduleStatus>.Builder> _words = [];
    private readonly HashSet<(string Agent, AttemptId Attempt)> _forgotten = [];
    private readonly Dictionary<string, long> _read = [];

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var agent in cluster.Agents) Look(agent);
            await Task.Delay(Period, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>The epochs, by agent; the same one again is left out.</summary>
    /// <exception cref="InvalidOperationException">Nothing was: their files are not what is looked for here.</exception>
    public ImmutableDictionary<string, ImmutableArray<long>> Epochs() => _seen.Values.Any(epochs => epochs.Count > 0)
        ? _seen.ToImmutableDictionary(agent => agent.Key, agent => agent.Value.ToImmutable())
        : throw new InvalidOperationException("No agent has written down an epoch of the ledger, as far as can be read.");

    /// <summary>What agents have said of attempts, in that order; the same again is left out.</summary>
    public ImmutableDictionary<(string Agent, AttemptId Attempt), ImmutableArray<ScheduleStatus>> Words() =>
        _words.ToImmutableDictionary(words => words.Key, words => words.Value.ToImmutable());

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
            var said = JsonSerializer.Deserialize(entry.Span, JournalJson.Default.JournalEntry)!;
            if (said.Epoch > 0) Add(seen, said.Epoch);
            if (said.Forgotten is { } forgotten) _forgotten.Add((agent.Name, AttemptId.Parse(forgotten)));
            if ((said.Changed ?? said.Accepted) is { } record)
                Hear((agent.Name, AttemptId.Parse(record.Name)), record, isAnswer: said.Accepted is not null);
        }
    }

    /// <summary>Who asks for an attempt that was forgotten is told that it is gone: that is no news of it.</summary>
    private void Hear((string Agent, AttemptId Attempt) about, AttemptRecord record, bool isAnswer)
    {
        if (isAnswer && record.Status.IsTerminal() && _forgotten.Contains(about)) return;
        if (!_words.TryGetValue(about, out var words)) _words[about] = words = ImmutableArray.CreateBuilder<ScheduleStatus>();
        Add(words, record.Status);
    }

    private static void Add<T>(ImmutableArray<T>.Builder seen, T next)
    {
        if (seen.Count == 0 || !EqualityComparer<T>.Default.Equals(seen[^1], next)) seen.Add(next);
    }
}
