namespace OrleansScheduler.Chaos;

/// <summary>Looks all the time at what agents have written down: the highest epoch of the ledger that each has obeyed.</summary>
internal sealed class EpochLog(ClusterDriver cluster)
{
    private const string Prefix = "epoch ";
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private readonly Dictionary<string, ImmutableArray<long>.Builder> _seen = [];

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var agent in cluster.Agents) Look(agent);
            await Task.Delay(Period, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>What was seen, by agent; the same epoch again is left out.</summary>
    public ImmutableDictionary<string, ImmutableArray<long>> Read() =>
        _seen.ToImmutableDictionary(agent => agent.Key, agent => agent.Value.ToImmutable());

    /// <summary>Commands that agents have refused because their sender was not the newest, by their logs.</summary>
    public int Refused() => cluster.Agents.Sum(agent => File.ReadLines(agent.Log).Count(line =>
        line.Contains("were refused: their", StringComparison.Ordinal) || line.Contains("is not started again", StringComparison.Ordinal)));

    private void Look(CellProcess agent)
    {
        var path = Path.Combine(cluster.StateOf(agent), "commands.log");
        if (!File.Exists(path)) return;
        var seen = _seen.TryGetValue(agent.Name, out var known) ? known : _seen[agent.Name] = ImmutableArray.CreateBuilder<long>();
        var text = File.ReadAllText(path);
        long[] epochs =
        [
            .. from line in text[..(text.LastIndexOf('\n') + 1)].Split('\n')
               where line.StartsWith(Prefix, StringComparison.Ordinal)
               select long.Parse(line.AsSpan(Prefix.Length), CultureInfo.InvariantCulture),
        ];

        // Of the file itself only what is wrong, because it is read anew each time.
        foreach (var (before, after) in epochs.Zip(epochs.Skip(1)).Where(pair => pair.Second < pair.First)) seen.AddRange(before, after);
        if (epochs.Length > 0 && (seen.Count == 0 || seen[^1] != epochs[^1])) seen.Add(epochs[^1]);
    }
}
