using Docker.DotNet.Models;

namespace OrleansScheduler.Agent;

/// <content>How a container's output and end are followed, while engines come and go.</content>
internal sealed partial class ContainerDriver
{
    private static readonly TimeSpan LastWord = TimeSpan.FromMilliseconds(50);

    private async Task<TaskState> UntilEnded(Attempt attempt, CancellationToken cancellationToken)
    {
        var name = NameOf(attempt);
        long? silentSince = null;
        for (var pause = FirstPause; ;)
        {
            try
            {
                var found = await engine.Inspect(name, cancellationToken);
                if (silentSince is not null) LogEngineBack(attempt.Id);
                (silentSince, pause) = (null, FirstPause);
                KnowMain(attempt, found);
                if (StateOf(attempt, found) is not TaskState.Running and var end) return end;
                await engine.WaitFor(name, OneLook, cancellationToken);
            }
            catch (EngineException e) when (e.Failure == EngineFailure.NotFound)
            {
                return Gone();
            }
            catch (EngineException e)
            {
                if (silentSince is null) LogEngineSilent(attempt.Id, e.Message);
                silentSince ??= time.GetTimestamp();

                // It runs on without its engine. Only once it has ended too somebody has to say how, and not for ever.
                if (ContainerRecord.Read(attempt.Directory).Main is { } main && main.StillRuns()) silentSince = time.GetTimestamp();
                else if (time.GetElapsedTime(silentSince.Value) >= options.Value.Container.EngineGrace)
                    return new TaskState.Vanished($"Nobody knows how it ended: {e.Message}.");
                await Task.Delay(pause, time, cancellationToken);
                pause = Longer(pause);
            }
        }
    }

    private TaskState StateOf(Attempt attempt, ContainerInspectResponse container)
    {
        var found = container.State;
        if (found.Running || found.Paused || found.Restarting) return new TaskState.Running();

        // Known to the engine and never started.
        if (found.Status is "created" or "configured" or "initialized") return Gone();
        return TaskState.Ended.FromCode((int)found.ExitCode) with
        {
            OutOfMemory = found.OOMKilled || RunOf(attempt).OutOfMemory,
            Message = found.Error is { Length: > 0 } error ? $"The container could not be started: {error}" : null,
        };
    }

    /// <summary>Writes an end down before the engine forgets it; what was written first stays.</summary>
    private TaskState.Ended Record(Attempt attempt, TaskState.Ended ended)
    {
        var known = ContainerRecord.Read(attempt.Directory);
        if (known.End is { } first) return first;
        ended = ended with { OutOfMemory = ended.OutOfMemory || RunOf(attempt).OutOfMemory };
        var record = known with
        {
            HasEnded = true,
            ExitCode = ended.Signal is { } signal ? 128 + signal : ended.ExitCode ?? 0,
            OutOfMemory = ended.OutOfMemory,
            Message = ended.Message,
        };
        record.Write(attempt.Directory);
        return ended;
    }

    /// <summary>Copies the output as it comes. Whatever goes wrong, it is tried again: in the end all of it is copied once more.</summary>
    private async Task Follow(Attempt attempt, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; !cancellationToken.IsCancellationRequested; pause = Longer(pause))
        {
            var failure = await CopyOutput(attempt, follow: true, cancellationToken);
            if (failure is not null) LogOutput(attempt.Id, failure);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Copies what is left of the output of a container that has ended.</summary>
    private async Task TryCopyOutput(Attempt attempt, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(OutputPatience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var failure = await CopyOutput(attempt, follow: false, both.Token);
        cancellationToken.ThrowIfCancellationRequested();
        if (failure is not null) LogOutput(attempt.Id, failure);
    }

    private async Task<string?> CopyOutput(Attempt attempt, bool follow, CancellationToken cancellationToken)
    {
        try
        {
            await RunOf(attempt).Output.Copy((since, token) => engine.Output(NameOf(attempt), since, follow, token), cancellationToken);
            return null;
        }
        catch (OperationCanceledException)
        {
            return follow ? null : "it took too long";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or EngineException
            or HttpRequestException or ObjectDisposedException)
        {
            return e.Message;
        }
    }

    /// <summary>Not every engine says when a container ran out of memory: podman before 4.4 never does. The kernel does.</summary>
    private async Task WatchMemory(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            if (ContainerRecord.Read(attempt.Directory).Main is not { } main || ControlGroup.Of(main.Pid) is not { } group) return;
            while (await group.OutOfMemory(time, cancellationToken))
            {
                RunOf(attempt).OutOfMemory = true;
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The container has ended, or another agent goes on.
        }
    }

    private async Task TryKnowMain(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            KnowMain(attempt, await engine.Inspect(NameOf(attempt), cancellationToken));
        }
        catch (EngineException e)
        {
            LogEngineSilent(attempt.Id, e.Message);
        }
    }

    private static void KnowMain(Attempt attempt, ContainerInspectResponse container)
    {
        if (!container.State.Running || container.State.Pid <= 0) return;
        var known = ContainerRecord.Read(attempt.Directory);
        if (known.Pid == container.State.Pid || ProcessStat.Of((int)container.State.Pid) is not { } main) return;
        (known with { Pid = main.Pid, StartTicks = main.StartTicks }).Write(attempt.Directory);
    }

    private async Task<bool> HasGone(ProcessStat main, CancellationToken cancellationToken)
    {
        for (var look = 0; look < 50; look++)
        {
            if (!main.StillRuns()) return true;
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }

        return false;
    }

    /// <summary>Ends it by the engine, or without one by its process.</summary>
    private async Task TryEnd(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            _ = await engine.Signal(NameOf(attempt), Posix.SigKill, cancellationToken);
        }
        catch (EngineException e)
        {
            LogEngineSilent(attempt.Id, e.Message);
            ContainerRecord.Read(attempt.Directory).Main?.Signal(Posix.SigKill);
        }
    }

    private async Task<bool> TryRemove(string name)
    {
        try
        {
            await engine.Remove(name, CancellationToken.None);
            return true;
        }
        catch (EngineException e)
        {
            LogNotRemoved(name, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Container engine is silent about {Attempt}; it is asked again: {Reason}")]
    private partial void LogEngineSilent(AttemptId attempt, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Container engine is back for {Attempt}")]
    private partial void LogEngineBack(AttemptId attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Container of {Attempt} could not be ended yet: {Reason}")]
    private partial void LogNotKilled(AttemptId attempt, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Output of {Attempt} could not be copied: {Reason}")]
    private partial void LogOutput(AttemptId attempt, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Container {Name} could not be removed; it is tried again later: {Reason}")]
    private partial void LogNotRemoved(string name, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Container {Name} belonged to no attempt and was removed")]
    private partial void LogSwept(string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Containers that belong to no attempt could not be looked for: {Reason}")]
    private partial void LogNotSwept(string reason);
}
