using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Looks after every attempt from its start, or from the moment this agent found it, to its end.</summary>
internal sealed partial class TaskRunner(
    AttemptTable table, IEnumerable<ITaskDriver> drivers, NodeLease lease, HealthWatch healthWatch, HealthProber prober,
    DiskQuota quota, ArtifactFetcher artifacts, TaskTemplates templates, AgentTelemetry telemetry, NodeDescription node,
    IOptions<AgentOptions> options, TimeProvider time, ILogger<TaskRunner> logger)
        : IDisposable
{
    private static readonly TimeSpan SignalPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestWaitForGroup = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<AttemptId, Task> _watches = [];
    private readonly SemaphoreSlim _starts = new(options.Value.ConcurrentStarts);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Starts an attempt that the table has taken in.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="traceParent">The request that led here, if it is traced.</param>
    public void Start(Attempt attempt, string? traceParent) =>
        Watch(attempt, () => StartAndFollow(attempt, traceParent, time.GetTimestamp()));

    /// <summary>Goes on with an attempt that another agent had begun.</summary>
    public void Adopt(Attempt attempt) => Watch(attempt, () => AttachAndFollow(attempt));

    /// <summary>Lets go of all tasks; they run on.</summary>
    public async Task Release()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_watches.Values);
    }

    /// <summary>Completes when every attempt has ended, or after a time.</summary>
    public async Task Drain(TimeSpan patience)
    {
        try
        {
            await Task.WhenAll(_watches.Values).WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            LogNotDrained(_watches.Count);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _starts.Dispose();
        _stopping.Dispose();
    }

    private void Watch(Attempt attempt, Func<Task> follow)
    {
        var watch = Guarded();
        _watches[attempt.Id] = watch;
        _ = watch.ContinueWith(
            _ => _watches.TryRemove(attempt.Id, out Task? _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        async Task Guarded()
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            try
            {
                await follow();
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // The next agent carries on.
            }
            catch (Exception e)
            {
                LogUnexpected(e, attempt.Id);
                if (FindDriver(attempt) is { } driver) _ = await driver.Kill(attempt, CancellationToken.None);
                End(attempt, ScheduleStatus.Lost, $"The agent failed while it looked after this: {e.Message}");
            }
        }
    }

    private async Task StartAndFollow(Attempt attempt, string? traceParent, long launchedAt)
    {
        using (var activity = telemetry.Launch(traceParent, attempt.Id))
        {
            var environment = Environment(attempt);
            var hasTurn = false;
            try
            {
                var driver = DriverOf(attempt);
                await Prepare(attempt, driver, environment);
                await _starts.WaitAsync(_stopping.Token);
                hasTurn = true;
                if (attempt.StopRequested.IsCompleted)
                {
                    Finish(attempt, ScheduleStatus.Killed, "It was stopped before it was started.");
                    return;
                }

                foreach (var port in attempt.Record.Ports)
                {
                    if (!await HealthProber.IsListening(port, _stopping.Token)) continue;
                    throw new TaskStartException($"Port {port}, which is its own, is taken by another program on this node.");
                }

                if (attempt.Record.Strict) lease.Guard(attempt);
                if (attempt.Record.Strict && NodeLease.Now >= attempt.StartBy)
                {
                    Finish(attempt, ScheduleStatus.Lost, "It is strict, and the node had no lease to start it under.");
                    return;
                }

                await driver.Start(attempt, environment, _stopping.Token);
                telemetry.Started(time.GetElapsedTime(launchedAt));
            }
            catch (TaskStartException e)
            {
                telemetry.NotStarted();
                activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, e.Message);
                End(attempt, ScheduleStatus.Failed, e.Message);
                return;
            }
            finally
            {
                if (hasTurn) _starts.Release();
            }
        }

        await Follow(attempt);
    }

    /// <summary>What takes its time is done before the attempt gets its turn to start, and stops when its end is asked for.</summary>
    private async Task Prepare(Attempt attempt, ITaskDriver driver, TaskEnvironment environment)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var preparation = All();
        if (await Task.WhenAny(preparation, attempt.StopRequested) != preparation) await over.CancelAsync();
        await preparation.ConfigureAwait(
            attempt.StopRequested.IsCompleted ? ConfigureAwaitOptions.SuppressThrowing : ConfigureAwaitOptions.None);
        _stopping.Token.ThrowIfCancellationRequested();

        async Task All()
        {
            quota.Limit(attempt);
            await artifacts.Fetch(attempt, over.Token);
            await driver.Prepare(attempt, environment, over.Token);
            await templates.Prepare(attempt, environment, over.Token);
        }
    }

    private async Task AttachAndFollow(Attempt attempt)
    {
        var driver = DriverOf(attempt);
        if (attempt.Record.BootId != node.BootId)
        {
            // None of its processes is left, and others may have their numbers.
            Conclude(attempt, await driver.Observe(attempt, _stopping.Token));
            return;
        }

        if (attempt.Spec is null || !await driver.Attach(attempt, _stopping.Token))
        {
            // Never started, or killed together with the agent before it could say so.
            _ = await driver.Kill(attempt, _stopping.Token);
            Finish(attempt, ScheduleStatus.Lost, attempt.Spec is null
                ? "What the agent had written down about this cannot be read."
                : "The agent ended before it had started this.");
            return;
        }

        if (attempt.Record.Strict && lease.HasExpired(attempt))
        {
            _ = await driver.Kill(attempt, _stopping.Token);
            Conclude(attempt, await driver.Observe(attempt, _stopping.Token));
            return;
        }

        if (attempt.Record.Strict) lease.Guard(attempt);
        LogAdopted(attempt.Id, attempt.Supervisor?.Pid ?? 0);
        await Follow(attempt);
    }

    private async Task Follow(Attempt attempt)
    {
        var driver = DriverOf(attempt);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        using var released = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var ended = driver.Wait(attempt, released.Token);
        var health = Health(attempt, over.Token);
        var templated = templates.Follow(attempt, Environment(attempt), driver, over.Token);
        try
        {
            await Task.WhenAny(ended, health, attempt.StopRequested);
            _stopping.Token.ThrowIfCancellationRequested();
            if (!ended.IsCompleted)
            {
                if (health.IsCompletedSuccessfully) Stop(attempt, StopReason.Unhealthy, await health);
                await over.CancelAsync();
                await AskToEnd(attempt, driver, ended);
            }

            var survivors = await driver.Kill(attempt, _stopping.Token);
            var state = ended.IsCompleted ? await ended : await driver.Observe(attempt, _stopping.Token);
            if (survivors > 0) End(attempt, ScheduleStatus.Lost, $"{survivors} of its processes could not be ended.");
            else Conclude(attempt, state);
        }
        finally
        {
            await over.CancelAsync();
            await templated;
            await released.CancelAsync();
        }
    }

    /// <summary>Asks for an attempt's end; the first reason stays.</summary>
    public void Stop(Attempt attempt, StopReason reason, string message) =>
        table.Change(attempt, record => record.Stop is null || (reason == StopReason.Unwanted && record.Stop != reason)
            ? record with { Stop = reason, StopMessage = message }
            : record);

    private async Task<string> Health(Attempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.Spec!.Health is { } health)
            return await healthWatch.UntilFailed(attempt, Environment(attempt), health, () => Run(attempt), cancellationToken);
        Run(attempt);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        return "";
    }

    // The endpoints and SIGTERM have the same time each; SIGKILL follows where this ends. One who does not hear is not waited for.
    private async Task AskToEnd(Attempt attempt, ITaskDriver driver, Task ended)
    {
        var kill = attempt.Spec!.Kill;
        foreach (var path in new[] { kill.GracefulShutdown, kill.Shutdown }.OfType<string>())
        {
            if (ended.IsCompleted || attempt.Record.Ports is not [var port, ..]) break;
            var asked = time.GetTimestamp();
            if (await prober.Post(port, path, kill.Grace, _stopping.Token)) await Ended(kill.Grace - time.GetElapsedTime(asked));
        }

        var began = time.GetTimestamp();
        while (!ended.IsCompleted && !await driver.Signal(attempt, Posix.SigTerm, _stopping.Token)
            && time.GetElapsedTime(began) < LongestWaitForGroup)
            await Ended(SignalPause);

        // Those that are asked, then the final ones: each have their time, and the supervisor keeps it.
        await Ended(attempt.Spec.Processes is [] ? kill.Grace : (2 * attempt.Spec.FinalizationWait) + SignalPause);

        async Task Ended(TimeSpan patience)
        {
            if (patience > TimeSpan.Zero && !ended.IsCompleted) await Task.WhenAny(ended, Task.Delay(patience, time, _stopping.Token));
            _stopping.Token.ThrowIfCancellationRequested();
        }
    }

    private ITaskDriver? FindDriver(Attempt attempt) =>
        drivers.FirstOrDefault(driver => driver.Name == (attempt.Spec?.Driver ?? ProcessDriver.DriverName));

    private ITaskDriver DriverOf(Attempt attempt) =>
        FindDriver(attempt) ?? throw new TaskStartException($"This node has no driver '{attempt.Spec!.Driver}'.");

    private TaskEnvironment Environment(Attempt attempt) => new(attempt, attempt.Spec!, node.Id, options.Value.SelfCommand);
}
