namespace OrleansScheduler.Chaos;

/// <summary>S10: what nodes have reserved is what is placed on them.</summary>
internal static class LedgerCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence) =>
        evidence.Final is { } final ? (final.Nodes.Length, Differences(final)) : (0, []);

    /// <summary>Nodes whose reservations are others than those of the tasks on them.</summary>
    public static IEnumerable<string> Differences(FinalView final)
    {
        var placed = final.Tasks.Where(FinalView.IsPlaced).ToLookup(task => task.Node);
        foreach (var node in final.Nodes)
        {
            var id = node.Description.Id;
            var cpu = placed[id].Sum(task => final.Jobs[task.Job]!.Spec.Task.Resources.CpuMillis);
            if (node.Tasks == placed[id].Count() && node.Used.CpuMillis == cpu) continue;
            yield return $"{id} has {node.Tasks} attempts with {node.Used.CpuMillis} millicores, "
                + $"its tasks are {placed[id].Count()} with {cpu}: {string.Join(", ", placed[id].Select(FinalView.AttemptOf))}";
        }
    }
}
