namespace OrleansScheduler.Chaos;

/// <summary>S14 and S15: tasks that make room for others.</summary>
internal static class PreemptionCheck
{
    /// <summary>Seconds in which a task that is stopped is gone, and the one that waits for it has its node.</summary>
    private const double Allowed = 10;

    private const string InFavorOf = "Preempting in favor of ";

    /// <summary>
    /// S14: who made room is tried again, it was for somebody more important, and his seat was free before it was given away.
    /// </summary>
    public static (int Judged, IEnumerable<string> Violations) JudgeVictims(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var faults = FaultWindow.Of(evidence.History);
        var stopped = Stops(evidence);
        Displaced[] all = [.. final.Tasks.SelectMany(Of)];
        return (all.Length, [.. all.SelectMany(Wrong), .. Shared()]);

        IEnumerable<string> Wrong(Displaced displaced)
        {
            var (task, entry, by) = displaced;
            if (task.Attempt <= entry.Attempt && !stopped.Contains(task.Job))
                yield return $"{task.Job}/{task.Instance} #{entry.Attempt} made room and is not tried again";
            if (PriorityOf(task.Job) is { } victim && PriorityOf(by.Job) is { } guest && guest <= victim)
                yield return $"{task.Job}/{task.Instance} #{entry.Attempt} made room for {by.Job}, which is not more important";
        }

        IEnumerable<string> Shared() =>
            from node in AttemptRun.Of(evidence.Witness)
                .Where(run => run.Attempt.Job.Environment == WorkloadJob.Seated && !run.MayBeReplaced(faults)).GroupBy(run => run.Node)
            let runs = node.OrderBy(run => run.From).ToArray()
            from pair in runs.Zip(runs.Skip(1))
            where pair.Second.From + BootClock.Grain < pair.First.To
            select $"{pair.First.Attempt} and {pair.Second.Attempt} both had the seat of {node.Key} at {pair.Second.From:0.00}";

        int? PriorityOf(JobKey job) => final.Jobs.GetValueOrDefault(job)?.Spec.Priority;
    }

    /// <summary>S15: nobody is stopped for somebody who then does not get his node.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgeBeneficiaries(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var faults = FaultWindow.Of(evidence.History);
        var drains = DrainWindow.Of(evidence.History);
        var stopped = Stops(evidence);
        var tasks = final.Tasks.ToDictionary(task => new TaskKey(task.Job, task.Instance));
        Displaced[] all = [.. final.Tasks.SelectMany(Of).Where(displaced => tasks.ContainsKey(displaced.By))];
        return (all.Length, from displaced in all
                            let at = evidence.At(displaced.Entry.At)
                            let node = displaced.Entry.Node ?? ""
                            where !tasks[displaced.By].History.Any(
                                entry => entry.Status == ScheduleStatus.Assigned && entry.Node == node && entry.At >= displaced.Entry.At)
                            where !stopped[displaced.By.Job].Any(stop => stop - at < Allowed)
                            where !faults.Any(fault => fault.Explains(node, at) || fault.Explains(node, at + Allowed))
                            where !drains.Any(drain => drain.Explains(node, at) || drain.Explains(node, at + Allowed))
                            select $"{displaced.Task.Job}/{displaced.Task.Instance} #{displaced.Entry.Attempt} was stopped at {at:0.00} "
                                + $"for {displaced.By}, which did not get {node}");
    }

    private static ILookup<JobKey, double> Stops(Evidence evidence) =>
        Operation.Of(evidence.History).Where(operation => operation.Op == "stop")
            .ToLookup(operation => operation.Job, operation => operation.Asked.T);

    private static IEnumerable<Displaced> Of(TaskView task)
    {
        foreach (var entry in task.History.Where(entry => entry.Status == ScheduleStatus.Preempting))
        {
            if (entry.Message?.StartsWith(InFavorOf, StringComparison.Ordinal) != true
                || !TaskKey.TryParse(entry.Message[InFavorOf.Length..], out var by))
                throw new InvalidDataException($"{task.Job}/{task.Instance} makes room and does not say for whom: {entry.Message}");
            yield return new(task, entry, by);
        }
    }

    /// <summary>A task that made room.</summary>
    /// <param name="Task">The task.</param>
    /// <param name="Entry">When it was told so.</param>
    /// <param name="By">For whom.</param>
    private sealed record Displaced(TaskView Task, TaskHistoryEntry Entry, TaskKey By);
}
