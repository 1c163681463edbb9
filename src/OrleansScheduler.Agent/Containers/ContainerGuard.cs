using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>
/// Has strict containers of an engine end with the node's lease: by a guard each, which is there before the container is started and
/// outlives the agent as a supervisor does. How it works: <see cref="Guard"/>.
/// </summary>
internal sealed partial class ContainerGuard(ContainerEngine engine, ProcessDriver processes, NodeLease lease, TimeProvider time,
    ILogger<ContainerGuard> logger)
{
    /// <summary>Where a strict container finds the file without which it cannot be started.</summary>
    public const string PermitInside = "/run/osched-permit";

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private volatile string? _blind;

    /// <summary>Makes what a strict container is to mount; null for others.</summary>
    /// <exception cref="TaskStartException">The node cannot guard it.</exception>
    public async Task<string?> Permit(Attempt attempt, CancellationToken cancellationToken)
    {
        if (!attempt.Record.Strict) return null;
        if ((_blind ?? await engine.WhyElsewhere(cancellationToken)) is { } why) throw CannotSee(why);
        var permit = Path.Combine(attempt.Directory.Root, "permit");
        await File.WriteAllBytesAsync(permit, [], cancellationToken);
        return permit;
    }

    /// <summary>Puts the guard up, before the container is started.</summary>
    /// <returns>Whether it may be started: not when the lease is over.</returns>
    /// <exception cref="TaskStartException">That was not possible.</exception>
    public async Task<bool> PutUp(Attempt attempt, string container, string permit, CancellationToken cancellationToken)
    {
        await processes.StartGuard(attempt, new() { Container = container, Permit = permit }, cancellationToken);
        return !lease.HasExpired(attempt);
    }

    /// <summary>Makes sure that the guard can see what it guards, once that runs.</summary>
    /// <exception cref="TaskStartException">It cannot.</exception>
    /// <exception cref="EngineException">The engine does not say what runs.</exception>
    public async Task CheckSight(Attempt attempt, string container, CancellationToken cancellationToken)
    {
        if (!attempt.Record.Strict) return;
        var first = (await engine.Inspect(container, cancellationToken)).State;
        if (!first.Running || IsSeen(container, first.Pid)) return;

        // It may have ended in between.
        var second = (await engine.Inspect(container, cancellationToken)).State;
        if (!second.Running || IsSeen(container, second.Pid)) return;
        _blind = "the first process of a container is not to be seen from here";
        throw CannotSee(_blind);
    }

    /// <summary>Finds the guard that an earlier agent put up; false when it came to none, and so to no start either.</summary>
    public async Task<bool> Find(Attempt attempt, CancellationToken cancellationToken) =>
        !attempt.Record.Strict || await processes.Attach(attempt, cancellationToken);

    /// <summary>Ends a container that has lost its guard, for as long as it takes. Completes with whether it came to that.</summary>
    public async Task<bool> Replace(Attempt attempt, Func<CancellationToken, Task> kill, CancellationToken cancellationToken)
    {
        if (!attempt.Record.Strict) return false;
        var isLost = false;
        try
        {
            isLost = await processes.Wait(attempt, cancellationToken) is TaskState.Vanished;
            if (isLost) LogVanished(attempt.Id);
            while (isLost)
            {
                await kill(cancellationToken);
                await Task.Delay(Again, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The container has ended, or another agent goes on.
        }

        return isLost;
    }

    /// <summary>The container is gone for good; so may its guard.</summary>
    public async Task Dismiss(Attempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.Record.Strict) _ = await processes.Kill(attempt, cancellationToken);
    }

    /// <summary>Nobody knows whether the engine still starts the container: the guard stays and ends it whenever it does.</summary>
    public async Task Condemn(Attempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.Record.Strict) _ = await processes.Signal(attempt, Posix.SigKill, cancellationToken);
    }

    private static TaskStartException CannotSee(string why) => new(
        $"It is strict, and this node cannot end it with its lease where the engine runs it: {why}. Drivers oci and process can.");

    private static bool IsSeen(string container, long pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cgroup").Contains(container, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The guard of {Attempt} was killed; without one the container must not run on")]
    private partial void LogVanished(AttemptId attempt);
}
