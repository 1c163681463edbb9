namespace OrleansScheduler.Chaos;

/// <summary>A change that a client asked for, with all its repetitions.</summary>
internal sealed record Operation
{
    /// <summary>How it ended: ok when any answer was, unknown when any try may still do it, else it was not done.</summary>
    public required OutcomeKind Outcome { get; init; }

    /// <summary>The first line.</summary>
    public required HistoryEvent Asked { get; init; }

    /// <summary>The good answers, in order.</summary>
    public required ImmutableArray<HistoryEvent> Answers { get; init; }

    /// <summary>What it is about.</summary>
    public JobKey Job { get; init; }

    /// <summary>What is done.</summary>
    public string Op => Asked.Op;

    /// <summary>When it was first answered well.</summary>
    public double Done => Answers[0].T;

    /// <summary>The operations of a history, in the order in which they were first sent.</summary>
    public static ImmutableArray<Operation> Of(ImmutableArray<HistoryEvent> history) =>
        [.. history.Where(e => e.Key is not null).GroupBy(e => e.Key).Select(One)];

    private static Operation One(IGrouping<string?, HistoryEvent> lines)
    {
        ImmutableArray<HistoryEvent> answers = [.. lines.Where(line => line.K == OutcomeKind.Ok)];
        var unanswered = lines.Count(line => line.K == OutcomeKind.Invoke) > lines.Count(line => line.K != OutcomeKind.Invoke);
        var asked = lines.First();
        return new()
        {
            Asked = asked,
            Answers = answers,
            Job = JobKey.TryParse(asked.Job, out var job) ? job : default,
            Outcome = answers.Length > 0 ? OutcomeKind.Ok
                : unanswered || lines.Any(line => line.K == OutcomeKind.Info) ? OutcomeKind.Info
                : OutcomeKind.Fail,
        };
    }
}

/// <summary>The time in which something was broken.</summary>
/// <param name="Class">The kind of fault.</param>
/// <param name="From">Its beginning.</param>
/// <param name="Healed">When it was taken back; the end of time if it was not.</param>
/// <param name="To">When all was well again: until then a node may be without a word of the cell.</param>
/// <param name="Nodes">Nodes that may have been without a word of the cell.</param>
internal sealed record FaultWindow(string Class, double From, double Healed, double To, ImmutableArray<string> Nodes)
{
    /// <summary>Seconds after a fault in which a node that heard nothing may still carry out what it was told before.</summary>
    public const double Late = 10;

    /// <summary>Whether what a node did at a time may come of it.</summary>
    public bool Explains(string node, double at) => Nodes.Contains(node) && From <= at && at <= To + Late;

    /// <summary>The times in which something was broken or not well again, in order and apart.</summary>
    public static ImmutableArray<(double From, double To)> Merged(ImmutableArray<HistoryEvent> history)
    {
        var merged = ImmutableArray.CreateBuilder<(double From, double To)>();
        foreach (var window in Of(history).OrderBy(window => window.From))
        {
            if (merged.Count > 0 && window.From <= merged[^1].To) merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, window.To));
            else merged.Add((window.From, window.To));
        }

        return merged.ToImmutable();
    }

    /// <summary>The faults of a history.</summary>
    public static ImmutableArray<FaultWindow> Of(ImmutableArray<HistoryEvent> history)
    {
        var windows = ImmutableArray.CreateBuilder<FaultWindow>();
        foreach (var (index, begin) in history.Index().Where(line => line.Item.K == OutcomeKind.Inject))
        {
            var end = history.Skip(index).FirstOrDefault(
                line => line.K == OutcomeKind.Heal && line.Op == begin.Op && line.Target == begin.Target);
            var healed = end?.T ?? double.MaxValue;
            var settled = history.Skip(index).FirstOrDefault(line => line.K == OutcomeKind.Settled && line.T >= healed);
            windows.Add(new(begin.Op, begin.T, healed, settled?.T ?? healed, begin.Nodes ?? []));
        }

        return windows.ToImmutable();
    }
}
