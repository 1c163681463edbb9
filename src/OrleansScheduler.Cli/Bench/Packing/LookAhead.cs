namespace OrleansScheduler.Cli;

/// <summary>
/// Lets a bounded number of tasks wait. When one more comes, the cheapest pair of a waiting shape and a machine is placed; what fits
/// nowhere is dropped, as nothing ends here. Tasks that ask for nothing of what is short are placed at once.
/// </summary>
internal sealed class LookAhead(PackingTrace trace, IPackingRule rule, InflationCount count)
{
    private readonly WaitingShape[] _shapes = [.. trace.Shapes.Select(shape => new WaitingShape(shape))];
    private readonly List<WaitingShape> _live = [];
    private int _waiting;
    private int _version = -1;

    /// <summary>Takes all tasks, and empties the queue when no more come.</summary>
    public void Run(IReadOnlyList<int> shapes)
    {
        foreach (var number in shapes)
        {
            var waiting = _shapes[number];
            rule.Arrive(waiting.Shape);
            if (rule.Version != _version) Forget();
            if (waiting.Count++ == 0) _live.Add(waiting);
            _waiting++;
            if (trace.Amount(waiting.Shape) == 0) PlaceOrDrop(waiting);
            while (_waiting > PackingScorer.Window) PlaceCheapest();
            count.Asked(waiting.Shape);
        }

        while (_waiting > 0) PlaceCheapest();
    }

    private void Forget()
    {
        _version = rule.Version;
        foreach (var waiting in _live) waiting.IsKnown = false;
    }

    private void PlaceCheapest()
    {
        WaitingShape? best = null;
        for (var i = _live.Count - 1; i >= 0; i--)
        {
            var waiting = _live[i];
            Look(waiting);
            if (waiting.Choice.Node < 0) Drop(waiting);
            else if (best is null || waiting.Choice.Cost < best.Choice.Cost) best = waiting;
        }

        if (best is not null) Place(best);
    }

    private void PlaceOrDrop(WaitingShape waiting)
    {
        Look(waiting);
        if (waiting.Choice.Node < 0) Drop(waiting);
        else Place(waiting);
    }

    private void Look(WaitingShape waiting)
    {
        if (waiting.IsKnown) return;
        waiting.Choice = rule.Choose(count.Cell, waiting.Shape);
        waiting.IsKnown = true;
    }

    private void Drop(WaitingShape waiting)
    {
        count.Drop(waiting.Shape, waiting.Count);
        Remove(waiting, waiting.Count);
    }

    private void Place(WaitingShape waiting)
    {
        var node = waiting.Choice.Node;
        count.Place(waiting.Shape, waiting.Choice);
        Changed(node);
        Remove(waiting, 1);
    }

    private void Remove(WaitingShape waiting, int tasks)
    {
        waiting.Count -= tasks;
        _waiting -= tasks;
        if (waiting.Count > 0) return;
        waiting.IsKnown = false;
        _live.Remove(waiting);
    }

    /// <summary>A machine has less: who meant it looks again, for others it may have become the best.</summary>
    private void Changed(int node)
    {
        foreach (var waiting in _live)
        {
            if (!waiting.IsKnown || waiting.Choice.Node < 0) continue;
            if (waiting.Choice.Node == node) waiting.IsKnown = false;
            else if (count.Cell.Fits(node, waiting.Shape))
            {
                var cost = rule.Cost(count.Cell, node, waiting.Shape, out var device);
                if (cost < waiting.Choice.Cost || (cost == waiting.Choice.Cost && node < waiting.Choice.Node))
                    waiting.Choice = new(node, device, cost);
            }
        }
    }

    private sealed class WaitingShape(PackingShape shape)
    {
        public PackingShape Shape { get; } = shape;

        public int Count { get; set; }

        public PackingChoice Choice { get; set; } = PackingChoice.None;

        public bool IsKnown { get; set; }
    }
}
