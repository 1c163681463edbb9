namespace OrleansScheduler.Core;

/// <summary>The rules that the processes of a task must keep, Thermos' (Apache Aurora's executor): their order is a plan that can be
/// carried out to its end.</summary>
internal static class ProcessRules
{
    private const string Root = $"{TaskFileReader.Path}.processes";

    public static void Check(TaskSpec task, JobFindings findings)
    {
        var processes = task.Processes;
        if (processes is []) return;
        if (task.Command is not [])
            findings.Add(JobCode.ProcessesOrCommand, Root, "A task has either a command or processes; leave one of them out.");
        if (task.Driver != "process")
            findings.Add(JobCode.ProcessesOrCommand, Root, "Only the process driver runs several processes.");
        if (processes.Length > JobLimits.MaxProcesses)
        {
            findings.Add(JobCode.AboveMaximum, Root, $"A task has at most {JobLimits.MaxProcesses} processes.");
            return;
        }

        findings.CheckRange(task.MaxFailures, WholeRange.Failures, $"{TaskFileReader.Path}.max-failures");
        findings.CheckRange(task.MaxConcurrency, WholeRange.Processes, $"{TaskFileReader.Path}.max-concurrency");
        findings.CheckDuration(task.FinalizationWait, TimeSpan.Zero, $"{TaskFileReader.Path}.finalization-wait");
        var byName = new Dictionary<string, ProcessSpec>(StringComparer.Ordinal);
        for (var i = 0; i < processes.Length; i++) CheckAlone(processes[i], $"{Root}[{i}]", byName, findings);
        for (var i = 0; i < processes.Length; i++) CheckOrder(processes[i], $"{Root}[{i}].after", byName, findings);
        if (!processes.Any(process => process is { Final: false, Ephemeral: false }))
            findings.Add(JobCode.ProcessOrder, Root,
                "The task would be over at once: one process at least is neither final nor ephemeral.");
        if (Circle(processes, byName) is { } circle)
            findings.Add(JobCode.ProcessOrder, Root, $"These wait for each other: {string.Join(" → ", circle)}.");
    }

    private static void CheckAlone(ProcessSpec process, string path, Dictionary<string, ProcessSpec> byName, JobFindings findings)
    {
        if (!JobKey.IsValidPart(process.Name))
            findings.Add(JobCode.BadName, $"{path}.name",
                $"{FieldWords.Show(process.Name)} is not the name of a process: {JobKey.PartRule}.");
        else if (!byName.TryAdd(process.Name, process))
            findings.Add(JobCode.ProcessOrder, $"{path}.name", $"There are two processes '{process.Name}'; rename one.");
        findings.CheckCommand(process.Command, $"{path}.command");
        findings.CheckRange(process.MaxFailures, WholeRange.Failures, $"{path}.max-failures");
        findings.CheckDuration(process.MinDuration, TimeSpan.Zero, $"{path}.min-duration");
    }

    private static void CheckOrder(ProcessSpec process, string path, Dictionary<string, ProcessSpec> byName, JobFindings findings)
    {
        foreach (var name in process.After)
        {
            if (!byName.TryGetValue(name, out var before))
            {
                var hint = FieldWords.Nearest(name, [.. byName.Keys]) is { } meant ? $" Did you mean '{meant}'?" : "";
                findings.Add(JobCode.ProcessOrder, path, $"There is no process {FieldWords.Show(name)} in this task.{hint}");
            }
            else if (before.Daemon)
                findings.Add(JobCode.ProcessOrder, path, $"'{name}' is a daemon: it is never done, so nothing can come after it.");
            else if (before.Ephemeral && !process.Ephemeral)
                findings.Add(JobCode.ProcessOrder, path, $"'{name}' is ephemeral: only others that are may wait for it.");
            else if (before.Final != process.Final)
                findings.Add(JobCode.ProcessOrder, path,
                    $"'{name}' is {(before.Final ? "" : "not ")}final: "
                    + "final processes run when all others have ended, and only wait for each other.");
        }
    }

    /// <summary>Names along a circle, the first one again at its end; null when there is none.</summary>
    private static List<string>? Circle(ImmutableArray<ProcessSpec> processes, Dictionary<string, ProcessSpec> byName)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var process in processes)
        {
            if (Walk(process.Name, []) is { } circle) return circle;
        }

        return null;

        List<string>? Walk(string name, List<string> path)
        {
            if (path.IndexOf(name) is >= 0 and var start) return [.. path[start..], name];
            if (!byName.TryGetValue(name, out var process) || done.Contains(name)) return null;
            path.Add(name);
            foreach (var before in process.After)
            {
                if (Walk(before, path) is { } circle) return circle;
            }

            path.RemoveAt(path.Count - 1);
            done.Add(name);
            return null;
        }
    }
}
