using System.Diagnostics;

namespace OrleansScheduler.Agent;

/// <summary>How a command enters a task: the one place that knows what has to be done so that it runs where the task runs and as who the
/// task runs.</summary>
internal sealed class TaskEntry(StateDirectory state)
{
    /// <summary>Words that run a command in a task, with the task's environment, from its sandbox and in a session of its own. Its
    /// standard streams are those of the process that is started, or the terminal.</summary>
    /// <param name="attempt">The task.</param>
    /// <param name="environment">What it was told about itself.</param>
    /// <param name="command">What is to run there.</param>
    /// <param name="terminal">File of the terminal that it gets; null for none.</param>
    public ProcessStartInfo Enter(Attempt attempt, TaskEnvironment environment, IEnumerable<string> command, string? terminal)
    {
        var start = new ProcessStartInfo(terminal is null ? state.SetSid : "/bin/sh")
        {
            UseShellExecute = false,
            WorkingDirectory = attempt.Directory.Sandbox,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment.Variables) start.Environment[name] = value;

        // The session's leader opens the terminal, so that it is the one that signals and job control go by.
        if (terminal is not null)
        {
            foreach (var word in (string[])["-c", "t=$1 s=$2; shift 2; exec \"$s\" -c \"$@\" <\"$t\" >\"$t\" 2>&1", "exec", terminal, state.SetSid])
                start.ArgumentList.Add(word);
        }

        foreach (var word in command) start.ArgumentList.Add(environment.Substitute(word));
        return start;
    }
}
