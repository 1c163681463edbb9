namespace OrleansScheduler.Chaos;

/// <summary>S11: the processes of tasks are those that the cell says are running.</summary>
internal static class AliveCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence) =>
        evidence.Final is { } final ? (final.Alive.Count + final.Tasks.Length, Differences(final)) : (0, []);

    /// <summary>What runs and should not, and what should run and does not.</summary>
    public static IEnumerable<string> Differences(FinalView final)
    {
        var wanted = final.Tasks.Where(FinalView.IsPlaced).Select(FinalView.AttemptOf).ToHashSet();
        foreach (var attempt in final.Alive.Where(attempt => !wanted.Contains(attempt))) yield return $"{attempt} runs and no job wants it";
        foreach (var task in final.Tasks.Where(task => task.Status == ScheduleStatus.Running))
        {
            if (!final.Alive.Contains(FinalView.AttemptOf(task))) yield return $"{FinalView.AttemptOf(task)} is RUNNING and has no process";
        }
    }
}
