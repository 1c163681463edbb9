namespace OrleansScheduler.Chaos;

/// <summary>S1, S2 and S25: what runs on a node fits there, has its ports for itself and may be there.</summary>
internal static class CapacityCheck
{
    /// <summary>S1: tasks that live at once ask for no more than their node has.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgeAmounts(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var faults = FaultWindow.Of(evidence.History);
        var capacity = final.Nodes.ToDictionary(node => node.Description.Id, node => node.Description.Capacity);
        AttemptRun[] runs =
        [
            .. AttemptRun.Of(evidence.Witness).Where(run => capacity.ContainsKey(run.Node) && !run.MayBeReplaced(faults)),
        ];
        return (runs.Length, runs.GroupBy(run => run.Node).SelectMany(Over));

        IEnumerable<string> Over(IGrouping<string, AttemptRun> node)
        {
            var alive = new PriorityQueue<AttemptRun, double>();
            var used = Resources.None;
            foreach (var run in node.OrderBy(run => run.From))
            {
                while (alive.TryPeek(out var first, out var to) && to < run.From)
                {
                    used -= RequestOf(first);
                    alive.Dequeue();
                }

                alive.Enqueue(run, run.To);
                used += RequestOf(run);
                if (!used.FitsInto(capacity[node.Key])) yield return $"{node.Key} has {used} in use at {run.From:0.00}, with {run.Attempt}";
            }
        }

        Resources RequestOf(AttemptRun run) => final.Jobs.GetValueOrDefault(run.Attempt.Job)?.Spec?.Task.Resources ?? Resources.None;
    }

    /// <summary>S2: a port of a node has one holder.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgePorts(Evidence evidence)
    {
        var faults = FaultWindow.Of(evidence.History);
        AttemptRun[] runs = [.. AttemptRun.Of(evidence.Witness).Where(run => run.Port is > 0 && !run.MayBeReplaced(faults))];
        return (runs.Length, runs.GroupBy(run => (run.Node, run.Port)).SelectMany(Shared));

        static IEnumerable<string> Shared(IEnumerable<AttemptRun> port) =>
            from pair in port.OrderBy(run => run.From).Pairwise()
            where pair.Second.From + BootClock.Grain < pair.First.To
            select $"{pair.First.Attempt} and {pair.Second.Attempt} both had port {pair.First.Port} of {pair.First.Node} "
                + $"at {pair.Second.From:0.00}";
    }

    /// <summary>S25: nothing runs where its constraints do not let it.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgeConstraints(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var halves = final.Nodes.ToDictionary(
            node => node.Description.Id, node => node.Description.Attributes.GetValueOrDefault(WorkloadJob.HalfAttribute, []));
        AttemptRun[] runs =
        [
            .. AttemptRun.Of(evidence.Witness).Where(
                run => WorkloadJob.HalfOf(run.Attempt.Job) is not null && halves.ContainsKey(run.Node)),
        ];
        return (runs.Length, from run in runs
                             where !halves[run.Node].Contains(WorkloadJob.HalfOf(run.Attempt.Job)!)
                             select $"{run.Attempt} ran on {run.Node}, which is not {WorkloadJob.HalfOf(run.Attempt.Job)}");
    }

    private static IEnumerable<(T First, T Second)> Pairwise<T>(this IEnumerable<T> items)
    {
        var all = items.ToList();
        return all.Zip(all.Skip(1));
    }
}
