namespace OrleansScheduler.Agent;

/// <summary>How a command enters a task: by the task's own program, which takes it to where the task runs and makes it who the task
/// is.</summary>
internal sealed class TaskEntry(ShimProgram shim)
{
    /// <summary>What starts a command in a task, with the task's environment, from its sandbox and in a session of its own. Its standard
    /// streams are those of the process that is started, or the terminal.</summary>
    /// <param name="attempt">The task.</param>
    /// <param name="environment">What it was told about itself.</param>
    /// <param name="command">What is to run there.</param>
    /// <param name="terminal">The terminal that it gets, its file and its kind; null for none.</param>
    public string[] Enter(
        Attempt attempt, TaskEnvironment environment, IEnumerable<string> command, (string File, string Kind)? terminal)
    {
        string[] enter = [shim.Path, .. shim.Arguments, "enter", attempt.Directory.Root];
        string[] words = [.. command.Select(environment.Substitute)];

        // The terminal becomes its standard streams out here: it may be hidden from where the command runs.
        return terminal is { } own
            ? ["/bin/sh", "-c", "t=$1; shift; exec \"$@\" <\"$t\" >\"$t\" 2>&1", "exec", own.File, .. enter, "env",
                $"TERM={own.Kind}", .. words]
            : [.. enter, .. words];
    }
}
