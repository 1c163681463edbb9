namespace OrleansScheduler.Core;

/// <content>Forgetting tasks that have ended long ago.</content>
public sealed partial class JobRound
{
    /// <summary>
    /// Removes the records of tasks that ended too long ago, or of too many, once nothing of the job is under way: then nobody can take a
    /// missing record for a task that is still to run.
    /// </summary>
    private void Prune()
    {
        if (Spec.Type == JobType.Service && !_header.Stopped) return;
        if (All().Any(task => task.Status.IsActive())) return;   // first, because it is so in almost every round
        var ended = All().ToList();
        var kept = 0;
        List<ScheduledTask> old = [];
        foreach (var task in ended.OrderByDescending(task => task.Since))
        {
            var age = now - task.Since;
            if (age < history.AtLeast || (age <= history.Keep && kept < history.PerJob)) kept++;
            else old.Add(task);
        }

        if (old.Count == 0) return;
        var before = _header.Pruned ?? PrunedTasks.None;
        var pruned = before with { Below = Math.Max(before.Below, Spec.Instances) };
        foreach (var task in old)
        {
            Remove(task);
            pruned = pruned.With(task.Status);
        }

        _header = _header with { Pruned = pruned };
    }
}
