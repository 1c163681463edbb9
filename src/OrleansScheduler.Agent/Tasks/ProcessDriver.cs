using System.Text;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>
/// Runs tasks as processes, each task under a supervisor of its own (<c>osched-shim</c>) that keeps its output, holds its lease and records
/// its end.
/// </summary>
internal sealed class ProcessDriver(
    SupervisorLauncher launcher, TaskIsolation isolation, CgroupTree cgroups, NodeLease lease, ProcessScanner scanner, ExitWatcher exits,
    TaskEntry entry, TimeProvider time) : ITaskDriver
{
    /// <summary>How job files name it.</summary>
    public const string DriverName = "process";

    /// <summary>Name of the process of a task that is a single command.</summary>
    public const string MainProcess = "main";

    private const int Rounds = 100;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestLaunch = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public string Name => DriverName;

    /// <inheritdoc/>
    public Task Prepare(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Start(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken)
    {
        var spec = Describe(attempt, environment);
        attempt.Directory.HandOver(spec.Isolation.Account);
        return Launch(attempt, spec, cancellationToken);
    }

    /// <summary>
    /// Starts what ends a strict attempt with its lease when an engine runs it. What is asked about the attempt here is then asked about
    /// that guard.
    /// </summary>
    /// <exception cref="TaskStartException">It could not be started.</exception>
    public Task StartGuard(Attempt attempt, GuardSpec guarded, CancellationToken cancellationToken) => Launch(
        attempt,
        new()
        {
            Sandbox = attempt.Directory.Sandbox,
            ExitFile = attempt.Directory.Exit,
            Processes = [],
            Environment = [],
            Lease = lease.Terms(attempt),
            Guarded = guarded,
        },
        cancellationToken);

    private async Task Launch(Attempt attempt, ShimSpec spec, CancellationToken cancellationToken)
    {
        spec.Write(attempt.Directory.Root);
        try
        {
            await launcher.Start(attempt.Directory.Root, spec.Isolation.ProcessNumbers);
        }
        catch (Exception e) when (e is ShimException or IOException or UnauthorizedAccessException)
        {
            // Half a start leaves something too.
            attempt.Supervisor = Supervisor(attempt.Directory);
            _ = await Kill(attempt, cancellationToken);
            throw new TaskStartException($"The node could not start it: {e.Message}", e);
        }

        attempt.Supervisor = Supervisor(attempt.Directory);
        attempt.IsChild = true;
    }

    /// <inheritdoc/>
    public async Task<bool> Attach(Attempt attempt, CancellationToken cancellationToken)
    {
        // Whoever makes the claim decides: either it is never started any more, or its supervisor is about to be there.
        var isGivenUp = Directory.Exists(attempt.Directory.Root) && SupervisorStart.Claim(attempt.Directory.Root);
        var began = time.GetTimestamp();
        while (true)
        {
            attempt.Supervisor = Supervisor(attempt.Directory);
            if (attempt.Supervisor is not null || ExitRecord.Read(attempt.Directory.Exit) is not null) return true;
            if (isGivenUp || time.GetElapsedTime(began) > LongestLaunch) return false;
            await Task.Delay(FirstPause, time, cancellationToken);
        }
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
    public Task<bool> Signal(Attempt attempt, int signal, CancellationToken cancellationToken) =>
        Task.FromResult(Tell(attempt, signal == Posix.SigTerm ? "stop\n" : $"signal {signal}\n"));

    /// <inheritdoc/>
    public async Task<int> Kill(Attempt attempt, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var pause = FirstPause;
        while (attempt.Supervisor?.StillRuns() == true && time.GetElapsedTime(began) < LongestEnd)
        {
            if (ExitRecord.Read(attempt.Directory.Exit) is null) _ = Tell(attempt, "kill\n");
            pause = await Pause(pause, cancellationToken);
        }

        // One that does not end by itself takes everything with it, where it is the first of its own process numbers.
        attempt.Supervisor?.Signal(Posix.SigKill);
        for (var round = 0; attempt is { IsChild: true, Supervisor: { } ended } && round < Rounds; round++)
        {
            attempt.IsChild = !SupervisorLauncher.Collect(ended.Pid);
            if (attempt.IsChild) pause = await Pause(pause, cancellationToken);
        }

        var left = await KillWhatIsLeft(attempt, cancellationToken);
        for (var round = 0; round < Rounds && left == 0 && !cgroups.Remove(attempt.Directory); round++)
            pause = await Pause(FirstPause, cancellationToken);
        return left;
    }

    /// <inheritdoc/>
    public Task<TaskUsage?> Stats(Attempt attempt, CancellationToken cancellationToken) =>
        Task.FromResult(cgroups.Usage(attempt.Directory));

    /// <inheritdoc/>
    public Task<IEnteredCommand?> Enter(
        Attempt attempt, TaskEnvironment environment, EnterRequest request, CancellationToken cancellationToken) =>
        Task.FromResult<IEnteredCommand?>(attempt.Supervisor is null
            ? null
            : new ProcessCommand(
                terminal => entry.Enter(attempt, environment, request.Command, terminal), request.Terminal, time));

    // Those that outlived their supervisor, or left its session where nothing else holds them together.
    private async Task<int> KillWhatIsLeft(Attempt attempt, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var round = 0; ; round++)
        {
            var left = cgroups.IsAvailable ? cgroups.Kill(attempt.Directory) : await KillByEnvironment(attempt, cancellationToken);
            if (left == 0 || round >= Rounds) return left;
            pause = await Pause(pause, cancellationToken);
        }
    }

    private async Task<int> KillByEnvironment(Attempt attempt, CancellationToken cancellationToken)
    {
        var scan = await scanner.Fresh().WaitAsync(cancellationToken);
        var tree = scan.TreeOf(attempt.Directory.Sandbox).ToList();
        foreach (var process in tree) process.Signal(Posix.SigKill);
        return tree.Count;
    }

    private async Task<TimeSpan> Pause(TimeSpan pause, CancellationToken cancellationToken)
    {
        await Task.Delay(pause, time, cancellationToken);
        return pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause;
    }

    private ShimSpec Describe(Attempt attempt, TaskEnvironment environment)
    {
        var spec = attempt.Spec!;
        return new()
        {
            Sandbox = attempt.Directory.Sandbox,
            ExitFile = attempt.Directory.Exit,
            Processes = Processes(spec, environment),
            MaxFailures = spec.MaxFailures,
            MaxConcurrency = spec.MaxConcurrency,
            Environment = [.. environment.Variables.Select(variable => $"{variable.Key}={variable.Value}")],
            FinalizationWait = (long)(spec.Processes is [] ? spec.Kill.Grace : spec.FinalizationWait).TotalMilliseconds,
            RotateSize = spec.Logs.RotateSizeMiB * 1024 * 1024,
            Keep = spec.Logs.Keep,
            Lease = attempt.Record.Strict ? lease.Terms(attempt) : null,
            Limits = [.. spec.Rlimits.Select(limit => new LimitSpec(limit.Key, Rlimit.Numbers[limit.Key], limit.Value))],
            Isolation = isolation.For(attempt),
        };
    }

    private static ImmutableArray<ShimProcess> Processes(TaskSpec spec, TaskEnvironment environment) => spec.Processes is []
        ? [new() { Name = MainProcess, Command = [.. spec.Command.Select(environment.Substitute)] }]
        : [.. spec.Processes.Select(process => new ShimProcess
        {
            Name = process.Name,
            Command = [.. process.Command.Select(environment.Substitute)],
            After = process.After,
            MaxFailures = process.MaxFailures,
            MinDuration = (long)process.MinDuration.TotalMilliseconds,
            Daemon = process.Daemon,
            Ephemeral = process.Ephemeral,
            Final = process.Final,
        })];

    private static bool Tell(Attempt attempt, string words)
    {
        try
        {
            return Posix.WriteToPipe(attempt.Directory.Control, Encoding.ASCII.GetBytes(words));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static TaskState Look(Attempt attempt)
    {
        if (ExitRecord.Read(attempt.Directory.Exit) is { } record) return Ended(record);
        if (attempt.Supervisor is { } supervisor && supervisor.StillRuns()) return new TaskState.Running();

        // It may have ended properly between the two looks.
        return ExitRecord.Read(attempt.Directory.Exit) is { } late ? Ended(late) : new TaskState.Vanished();
    }

    private static TaskState.Ended Ended(ExitRecord record) => new(record.Code, record.Signal)
    {
        OutOfMemory = record.OutOfMemory && record.Code != 0,
        Message = record.Error is { } error ? $"The node could not start it: {error}" : record.Message,
    };

    private static ProcessStat? Supervisor(AttemptDirectory directory)
    {
        Span<byte> text = stackalloc byte[1024];
        var length = Posix.ReadFile(directory.Pid, text);
        return length > 0 ? ProcessStat.Parse(text[..length]) : null;
    }
}
