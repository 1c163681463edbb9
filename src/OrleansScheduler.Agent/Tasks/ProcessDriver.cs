using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>Runs tasks as plain processes, each under a supervisor of its own (<c>shim.sh</c>) that keeps its output and records its
/// end.</summary>
internal sealed class ProcessDriver(StateDirectory state, ProcessScanner scanner, ExitWatcher exits, TimeProvider time) : ITaskDriver
{
    /// <summary>How job files name it.</summary>
    public const string DriverName = "process";

    private const int Rounds = 100;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan NumbersStayUnused = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Name => DriverName;

    /// <inheritdoc/>
    public Task Prepare(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Start(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken)
    {
        var directory = attempt.Directory;
        var start = new ProcessStartInfo(state.SetSid) { UseShellExecute = false, WorkingDirectory = directory.Root };
        start.Environment.Clear();
        foreach (var (name, value) in environment.Variables) start.Environment[name] = value;
        foreach (var word in (string[])["/bin/sh", state.Shim, state.SetSid, directory.Root, directory.Exit,
            StartBy(attempt)]) start.ArgumentList.Add(word);
        foreach (var word in attempt.Spec!.Command) start.ArgumentList.Add(environment.Substitute(word));
        try
        {
            using var process = Process.Start(start)!;
            attempt.Supervisor = ProcessStat.Of(process.Id) ?? new ProcessStat(process.Id, 'X', 0, 0, 0);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new TaskStartException($"The node could not start it: {e.Message}", e);
        }

        return Task.CompletedTask;
    }

    /// <summary>In the unit of <c>/proc/uptime</c> without its point; empty for any time.</summary>
    private static string StartBy(Attempt attempt) =>
        attempt.Record.Strict ? (attempt.StartBy / 10).ToString(CultureInfo.InvariantCulture) : "";

    /// <inheritdoc/>
    public Task<bool> Attach(Attempt attempt, CancellationToken cancellationToken)
    {
        attempt.Supervisor = Supervisor(attempt.Directory);
        return Task.FromResult(attempt.Supervisor is not null || ExitCode(attempt.Directory) is not null);
    }

    /// <inheritdoc/>
    public Task<TaskState> Observe(Attempt attempt, CancellationToken cancellationToken) => Task.FromResult(Look(attempt));

    /// <inheritdoc/>
    public async Task<TaskState> Wait(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await exits.End(attempt, Look).WaitAsync(cancellationToken);
        }
        finally
        {
            exits.Release(attempt);
        }
    }

    /// <inheritdoc/>
    public Task<bool> Signal(Attempt attempt, int signal, CancellationToken cancellationToken)
    {
        // Between its fork and its own session the group does not exist yet.
        var sent = Main(attempt.Directory) is { } main && main.StillRuns() && Posix.Kill(-main.Pid, signal) == 0;
        return Task.FromResult(sent);
    }

    /// <inheritdoc/>
    public Task<TaskUsage?> Stats(Attempt attempt, CancellationToken cancellationToken) => Task.FromResult<TaskUsage?>(null);

    /// <inheritdoc/>
    public async Task<int> Kill(Attempt attempt, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var round = 0; ; round++)
        {
            var scan = await scanner.Fresh().WaitAsync(cancellationToken);
            var supervisor = attempt.Supervisor;
            var main = Leader(attempt);
            var tree = scan.TreeOf(attempt.Directory.Sandbox, main).Where(process => process.Pid != supervisor?.Pid).ToList();

            // The supervisor goes last, once it has had time to record the end.
            if (tree.Count == 0 && (supervisor?.StillRuns() != true || ExitCode(attempt.Directory) is not null)) return 0;
            if (tree.Count == 0 && round >= Rounds / 4) supervisor?.Signal(Posix.SigKill);
            if (round >= Rounds) return tree.Count;

            // The group at one stroke, against those that multiply faster than they are counted; then whoever has left it.
            if (main is { } leader && tree.Exists(process => process.Group == leader.Pid)) _ = Posix.Kill(-leader.Pid, Posix.SigKill);
            foreach (var process in tree) process.Signal(Posix.SigKill);
            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause;
        }
    }

    private static TaskState Look(Attempt attempt)
    {
        if (ExitCode(attempt.Directory) is { } code) return TaskState.Ended.FromCode(code);
        if (attempt.Supervisor is { } supervisor && supervisor.StillRuns()) return new TaskState.Running();

        // It may have ended properly between the two looks.
        return ExitCode(attempt.Directory) is { } late ? TaskState.Ended.FromCode(late) : new TaskState.Vanished();
    }

    // The kernel gives the number of an ended process away again, sooner or later, and with it the session would be another's.
    private ProcessStat? Leader(Attempt attempt)
    {
        var main = Main(attempt.Directory);
        var isFresh = main?.StillRuns() == true || attempt.Supervisor?.StillRuns() == true
            || time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(attempt.Directory.Exit) < NumbersStayUnused;
        return isFresh ? main : null;
    }

    private static int? ExitCode(AttemptDirectory directory)
    {
        Span<byte> text = stackalloc byte[16];
        var length = Posix.ReadFile(directory.Exit, text);
        return length > 1 && text[length - 1] == '\n'
            && int.TryParse(text[..(length - 1)], CultureInfo.InvariantCulture, out var code) ? code : null;
    }

    private static ProcessStat? Supervisor(AttemptDirectory directory) => Pids(directory, line: 0);

    private static ProcessStat? Main(AttemptDirectory directory) => Pids(directory, line: 1);

    private static ProcessStat? Pids(AttemptDirectory directory, int line)
    {
        Span<byte> text = stackalloc byte[2048];
        var length = Posix.ReadFile(directory.Pids, text);
        if (length <= 0 || text[length - 1] != '\n') return null;
        var lines = Encoding.UTF8.GetString(text[..length]).Split('\n');
        return lines.Length == 3 ? ProcessStat.Parse(Encoding.UTF8.GetBytes(lines[line])) : null;
    }
}
