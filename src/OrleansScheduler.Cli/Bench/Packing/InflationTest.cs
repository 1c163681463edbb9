using System.Diagnostics;

namespace OrleansScheduler.Cli;

/// <summary>How full a cell gets: tasks drawn from a trace come one after the other and never end.</summary>
internal static class InflationTest
{
    /// <summary>One run.</summary>
    public static PackingRow Run(PackingTrace trace, PackingScorer scorer, Fragmentation mix, int seed)
    {
        var shapes = InflationSample.Draw(trace, seed);
        var rule = scorer.Create(trace);
        var count = new InflationCount(trace, rule);
        var start = Stopwatch.GetTimestamp();
        if (scorer.LooksAhead) new LookAhead(trace, rule, count).Run(shapes);
        else if (scorer.Offline) Sorted(trace, rule, count, shapes);
        else OneByOne(trace, rule, count, shapes);
        return count.Row(scorer, mix, Stopwatch.GetElapsedTime(start));
    }

    private static void OneByOne(PackingTrace trace, IPackingRule rule, InflationCount count, IEnumerable<int> shapes)
    {
        foreach (var number in shapes)
        {
            ref readonly var shape = ref trace.Shapes[number];
            rule.Arrive(shape);
            PlaceOrDrop(rule, count, shape);
        }
    }

    private static void Sorted(PackingTrace trace, IPackingRule rule, InflationCount count, List<int> shapes)
    {
        foreach (var number in shapes) rule.Arrive(trace.Shapes[number]);
        foreach (var number in shapes.OrderByDescending(number => trace.Amount(trace.Shapes[number])))
            PlaceOrDrop(rule, count, trace.Shapes[number]);
    }

    private static void PlaceOrDrop(IPackingRule rule, InflationCount count, in PackingShape shape)
    {
        var choice = rule.Choose(count.Cell, shape);
        if (choice.Node < 0) count.Drop(shape, 1);
        else count.Place(shape, choice);
        count.Asked(shape);
    }
}
