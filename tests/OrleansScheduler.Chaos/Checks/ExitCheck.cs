namespace OrleansScheduler.Chaos;

/// <summary>S9: a task's recorded end is the one that it had.</summary>
internal static class ExitCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        var exits = evidence.Witness.Where(line => line.Kind == WitnessKind.Exit).GroupBy(line => line.Attempt)
            .ToDictionary(group => group.Key, group => group.Last().Code);
        TaskView[] ended =
            [.. (evidence.Final?.Tasks ?? []).Where(task => task.Status is ScheduleStatus.Finished or ScheduleStatus.Failed)];
        return (ended.Length, ended.Select(Difference).OfType<string>());

        string? Difference(TaskView task)
        {
            var attempt = FinalView.AttemptOf(task);
            var recorded = task.Status == ScheduleStatus.Finished ? task.ExitCode ?? 0 : task.ExitCode;
            int? real = exits.TryGetValue(attempt, out var code) ? code : null;
            if (recorded == real)
                return recorded is not null || evidence.Killed.Contains(attempt) ? null : $"{attempt} failed and nobody did it";

            // Between its last word and its end it can be killed.
            if (recorded is null && task.Signal is not null && evidence.Killed.Contains(attempt)) return null;
            var end = recorded is null ? $"signal {task.Signal}" : $"code {recorded}";
            return $"{attempt} is {task.Status.ToName()} with {end}, "
                + $"and really {(real is null ? "did not exit" : $"exited with {real}")}";
        }
    }
}
