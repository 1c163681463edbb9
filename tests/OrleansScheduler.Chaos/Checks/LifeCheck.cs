namespace OrleansScheduler.Chaos;

/// <summary>S7 and S8: the life of tasks, as their jobs tell it and as the tasks do.</summary>
internal static class LifeCheck
{
    /// <summary>Each step is one that exists, and nothing follows an end.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgeSteps(Evidence evidence)
    {
        TaskView[] tasks = [.. (evidence.Final?.Tasks ?? []).Where(task => task.History.Length > 0)];
        return (tasks.Sum(task => task.History.Length), tasks.SelectMany(Steps));

        static IEnumerable<string> Steps(TaskView task) =>
            from pair in task.History.Zip(task.History.Skip(1))
            where !IsStep(pair.First, pair.Second)
            select $"{task.Job}/{task.Instance}: {Name(pair.First)} then {Name(pair.Second)}";
    }

    /// <summary>No attempt is started twice, and none runs that its job never heard of.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgeAttempts(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var known = final.Tasks.Where(task => task.History.Length > 0).ToDictionary(task => new TaskKey(task.Job, task.Instance));
        var starts = evidence.Witness.Where(line => line.Kind == WitnessKind.Start).GroupBy(line => line.Attempt).ToArray();
        return (starts.Length, starts.SelectMany(Attempt));

        IEnumerable<string> Attempt(IGrouping<AttemptId, WitnessLine> started)
        {
            var attempt = started.Key;
            if (started.Count() > 1)
                yield return $"{attempt} was started {started.Count()} times, on {string.Join(", ", started.Select(line => line.Node))}";
            if (!known.TryGetValue(new(attempt.Job, attempt.Instance), out var task)) yield break;
            var lines = task.History.Where(line => line.Attempt == attempt.Number).ToArray();
            if (attempt.Number >= task.History[0].Attempt && lines.Length == 0) yield return $"{attempt} ran and its job does not know it";
            if (attempt.Number < task.Attempt && lines.Length > 0 && !lines[^1].Status.IsTerminal())
                yield return $"{attempt} ran, was followed by another, and its job knows no end of it";
        }
    }

    private static bool IsStep(TaskHistoryEntry from, TaskHistoryEntry to)
    {
        if (from.Attempt == to.Attempt) return TaskMachine.Edges.ContainsKey((from.Status, to.Status));
        return to.Attempt > from.Attempt && to.Status is ScheduleStatus.Pending or ScheduleStatus.Throttled
            && (from.Status.IsTerminal() || from.Status is ScheduleStatus.Pending or ScheduleStatus.Throttled);
    }

    private static string Name(TaskHistoryEntry entry) => $"#{entry.Attempt} {entry.Status.ToName()}";
}
