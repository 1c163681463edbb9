namespace OrleansScheduler.Chaos;

/// <summary>
/// Breaks one thing after the other, and now and then several at once, in an order that follows from a seed: every maker once before any
/// comes again. After each it takes everything back and waits until the cell is as it should be.
/// </summary>
internal sealed class Nemesis(
    History history, Settling settling, ImmutableArray<Func<Fault>> makers, ProcessFaults processes, Random random, string? only)
{
    private const int MostAtOnce = 4;
    private const string Together = "F20-several";

    /// <summary>How many faults of other classes may come up before the one that is asked for.</summary>
    private const int MostPassed = 10_000;
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(500);

    private readonly Queue<int> _turn = [];
    private int _passed;

    /// <summary>Goes on until it is cancelled; what is broken then is taken back first.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var turn = Next();
            var faults = turn < makers.Length ? [makers[turn]()] : Several();
            var name = faults.Length > 1 ? Together : faults[0].Class;
            if (only is not null && name != only)
            {
                if (++_passed > MostPassed)
                    throw new InvalidOperationException($"No fault is called {only}; the summary of a run names them all.");
                continue;
            }

            _passed = 0;
            await Task.Delay(processes.Between(0.5, 2), TimeProvider.System, CancellationToken.None);
            await Apply(faults, cancellationToken);
            await settling.Wait(name);
        }
    }

    /// <summary>Index of a maker, or one more for several at once.</summary>
    private int Next()
    {
        if (_turn.Count == 0)
        {
            int[] order = [.. Enumerable.Range(0, makers.Length + 1)];
            random.Shuffle(order);
            foreach (var index in order) _turn.Enqueue(index);
        }

        return _turn.Dequeue();
    }

    private Fault[] Several()
    {
        Func<Fault>[] all = [.. makers];
        random.Shuffle(all);
        return [.. all.Take(random.Next(2, MostAtOnce + 1)).Select(make => make())];
    }

    private async Task Apply(Fault[] faults, CancellationToken cancellationToken)
    {
        var begun = new List<Fault>();
        try
        {
            foreach (var fault in faults)
            {
                Say(fault, OutcomeKind.Inject);
                begun.Add(fault);
                await fault.Inject();
                if (faults.Length > 1) await Task.Delay(Apart, TimeProvider.System, CancellationToken.None);
            }

            var longest = faults.Max(fault => fault.Holds);
            await Task.Delay(longest, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            foreach (var fault in begun)
            {
                await fault.Heal();
                Say(fault, OutcomeKind.Heal);
            }
        }
    }

    private void Say(Fault fault, OutcomeKind what) => history.Add(new()
    {
        T = BootClock.Now,
        P = "nemesis",
        K = what,
        Op = fault.Class,
        Target = fault.What,
        Nodes = fault.Nodes,
    });
}
