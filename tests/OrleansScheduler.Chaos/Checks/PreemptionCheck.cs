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
        var attempts = final.Tasks.ToDictionary(task => new TaskKey(task.Job, task.Instance), task => task.Attempt);
        Displaced[] all = [.. Of(evidence)];
        return (all.Length, [.. all.SelectMany(Wrong), .. Shared()]);

        IEnumerable<string> Wrong(Displaced displaced)
        {
            var victim = displaced.Attempt;
            if (attempts.GetValueOrDefault(new(victim.Job, victim.Instance)) == victim.Number && !stopped.Contains(victim.Job))
                yield return $"{victim} made room and is not tried again";
            if (SpecOf(victim.Job) is { } spec && SpecOf(displaced.By.Job) is { } guest && !IsMoreImportant(guest, spec))
                yield return $"{victim} made room for {displaced.By.Job}, which is not more important";
        }

        IEnumerable<string> Shared() =>
            from node in AttemptRun.Of(evidence.Witness)
                .Where(run => run.Attempt.Job.Environment == WorkloadJob.Seated && !run.MayBeReplaced(faults)).GroupBy(run => run.Node)
            let runs = node.OrderBy(run => run.From).ToArray()
            from pair in runs.Zip(runs.Skip(1))
            where pair.Second.From + BootClock.Grain < pair.First.To
            select $"{pair.First.Attempt} and {pair.Second.Attempt} both had the seat of {node.Key} at {pair.Second.From:0.00}";

        JobSpec? SpecOf(JobKey job) => final.Jobs.GetValueOrDefault(job)?.Spec;
    }

    /// <summary>S15: nobody is stopped for somebody who then does not get his node.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgeBeneficiaries(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var faults = FaultWindow.Of(evidence.History);
        var drains = DrainWindow.Of(evidence.History);
        var stopped = Stops(evidence);
        var tasks = final.Tasks.ToDictionary(task => new TaskKey(task.Job, task.Instance));
        Displaced[] all = [.. Of(evidence).Where(displaced => tasks.ContainsKey(displaced.By))];
        return (all.Length, from displaced in all
                            let at = evidence.At(displaced.At)
                            let node = displaced.Node
                            where !tasks[displaced.By].History.Any(
                                entry => entry.Status == ScheduleStatus.Assigned && entry.Node == node && entry.At >= displaced.At)
                            where !stopped[displaced.By.Job].Any(stop => stop - at < Allowed)
                            where !faults.Any(fault => fault.Explains(node, at) || fault.Explains(node, at + Allowed))
                            where !drains.Any(drain => drain.Explains(node, at) || drain.Explains(node, at + Allowed))
                            select $"{displaced.Attempt} was stopped at {at:0.00} for {displaced.By}, which did not get {node}");
    }

    private static ILookup<JobKey, double> Stops(Evidence evidence) =>
        Operation.Of(evidence.History).Where(operation => operation.Op == "stop")
            .ToLookup(operation => operation.Job, operation => operation.Asked.T);

    /// <summary>Aurora's rule: who is preferred before all others; of equals in one role the one with the higher priority.</summary>
    private static bool IsMoreImportant(JobSpec guest, JobSpec victim) =>
        (guest.Tier == Tier.Preferred) == (victim.Tier == Tier.Preferred)
            ? guest.Key.Role == victim.Key.Role && guest.Priority > victim.Priority
            : guest.Tier == Tier.Preferred;

    /// <summary>Jobs keep the last lines of a task only, and who follows the events may miss some.</summary>
    private static IEnumerable<Displaced> Of(Evidence evidence)
    {
        var lines =
            from task in evidence.Final?.Tasks ?? []
            from entry in task.History
            where entry.Status == ScheduleStatus.Preempting
            select Read(new(task.Job, task.Instance, entry.Attempt), entry.At, entry.Node, entry.Message);
        var events =
            from e in evidence.Events.Select(seen => seen.Event).OfType<EventView>()
            where e.Status == ScheduleStatus.Preempting.ToName() && e is { Job: not null, Instance: not null, Attempt: not null }
            select Read(new(e.Job!.Value, e.Instance!.Value, e.Attempt!.Value), e.At, e.Node, e.Message);
        return lines.Concat(events).DistinctBy(displaced => displaced.Attempt);
    }

    private static Displaced Read(AttemptId attempt, DateTimeOffset at, string? node, string? message) =>
        message?.StartsWith(InFavorOf, StringComparison.Ordinal) == true && TaskKey.TryParse(message[InFavorOf.Length..], out var by)
            ? new(attempt, at, node ?? "", by)
            : throw new InvalidDataException($"{attempt} makes room and does not say for whom: {message}");

    /// <summary>A task that made room.</summary>
    /// <param name="Attempt">Which attempt.</param>
    /// <param name="At">When it was told so.</param>
    /// <param name="Node">Where.</param>
    /// <param name="By">For whom.</param>
    private sealed record Displaced(AttemptId Attempt, DateTimeOffset At, string Node, TaskKey By);
}
