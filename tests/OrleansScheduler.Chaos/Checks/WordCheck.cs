namespace OrleansScheduler.Chaos;

/// <summary>S19: what agents have seen of tasks goes forward only, and the end that they have seen is the one that the job knows.</summary>
internal static class WordCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var known = final.Tasks.ToDictionary(task => new TaskKey(task.Job, task.Instance));
        return (evidence.Words.Sum(words => words.Value.Length), [.. evidence.Words.SelectMany(Back), .. evidence.Words.SelectMany(End)]);

        IEnumerable<string> Back(KeyValuePair<(string Agent, AttemptId Attempt), ImmutableArray<ScheduleStatus>> words) =>
            from pair in words.Value.Zip(words.Value.Skip(1))
            where Number(pair.Second) <= Number(pair.First)
            select $"{words.Key.Agent} saw {words.Key.Attempt} {pair.First.ToName()}, then {pair.Second.ToName()}";

        // An attempt that was given up, or told to end, may have ended by itself meanwhile: then the job says what it wanted.
        IEnumerable<string> End(KeyValuePair<(string Agent, AttemptId Attempt), ImmutableArray<ScheduleStatus>> words)
        {
            var (agent, attempt) = words.Key;
            var seen = words.Value[^1];
            if (!seen.IsTerminal() || !known.TryGetValue(new(attempt.Job, attempt.Instance), out var task)) yield break;
            var lines = task.History.Where(line => line.Attempt == attempt.Number).ToArray();
            if (lines.Length == 0) yield break;
            var told = lines[^1].Status;
            if (!told.IsTerminal()) yield return $"{agent} saw {attempt} {seen.ToName()}, and its job says {told.ToName()}";
            if (told != seen && told is ScheduleStatus.Finished or ScheduleStatus.Failed)
                yield return $"{agent} saw {attempt} {seen.ToName()}, and its job knows it as {told.ToName()}";
        }
    }

    /// <summary>Which word it is of an agent about an attempt: that it starts, that it runs, how it ended.</summary>
    private static int Number(ScheduleStatus status) => status.IsTerminal() ? 3 : status == ScheduleStatus.Running ? 2 : 1;
}
