namespace OrleansScheduler.Chaos;

/// <summary>
/// S20: whoever reads a job that several update sees what was accepted before he asked, and nothing that nobody has asked for. Versions
/// only ever grow by one, so that this is all that linearizable means.
/// </summary>
internal static class RegisterCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        var updates = Operation.Of(evidence.History).Where(operation => operation.Op == "update").ToLookup(operation => operation.Job);
        var reads = Reads(evidence.History).Where(read => updates.Contains(read.Job)).ToLookup(read => read.Job);
        return (reads.Sum(job => job.Count()), [.. reads.SelectMany(job => Stale(job, updates[job.Key])),
            .. reads.SelectMany(job => Invented(job, updates[job.Key]))]);
    }

    /// <summary>In the order in which they began, each against the highest version that was known before that.</summary>
    private static IEnumerable<string> Stale(IEnumerable<ReadOfJob> reads, IEnumerable<Operation> updates)
    {
        var known = new Queue<(double At, int Version, string Who)>(
            reads.Select(read => (read.To, read.Version, read.Who))
                .Concat(updates.Where(update => update.Outcome == OutcomeKind.Ok)
                    .Select(update => (update.Done, update.Answers[0].Version ?? 0, update.Asked.P)))
                .OrderBy(word => word.Item1));
        var highest = (At: 0.0, Version: 0, Who: "");
        foreach (var read in reads.OrderBy(read => read.From))
        {
            while (known.TryPeek(out var word) && word.At < read.From)
            {
                known.Dequeue();
                if (word.Version > highest.Version) highest = word;
            }

            if (read.Version < highest.Version)
            {
                yield return $"{read.Who} read version {read.Version} of {read.Job} from {read.From:0.00} on, and {highest.Who} knew of "
                    + $"{highest.Version} at {highest.At:0.00}";
            }
        }
    }

    private static IEnumerable<string> Invented(IEnumerable<ReadOfJob> reads, IEnumerable<Operation> updates)
    {
        var asked = updates.Where(update => update.Outcome != OutcomeKind.Fail).GroupBy(update => update.Asked.Expected + 1)
            .ToDictionary(same => same.Key ?? 0, same => same.Min(update => update.Asked.T));
        return from read in reads
               where read.Version > 1 && !(asked.TryGetValue(read.Version, out var at) && at <= read.To)
               select $"{read.Who} read version {read.Version} of {read.Job} at {read.To:0.00}, which nobody had asked for";
    }

    /// <summary>A client does one thing after the other, so an answer belongs to the line of the client before it.</summary>
    private static IEnumerable<ReadOfJob> Reads(ImmutableArray<HistoryEvent> history)
    {
        var last = new Dictionary<string, HistoryEvent>(StringComparer.Ordinal);
        foreach (var line in history)
        {
            if (line is { Op: "read", K: OutcomeKind.Ok, Version: { } version } && JobKey.TryParse(line.Job, out var job))
            {
                var from = last.GetValueOrDefault(line.P) is { Op: "read", K: OutcomeKind.Invoke } asked ? asked.T : line.T;
                yield return new(line.P, job, from, line.T, version);
            }

            last[line.P] = line;
        }
    }

    private sealed record ReadOfJob(string Who, JobKey Job, double From, double To, int Version);
}
