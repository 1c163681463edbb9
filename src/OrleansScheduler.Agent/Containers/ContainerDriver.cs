using System.Runtime.CompilerServices;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>
/// Runs tasks as containers of an engine. The engine holds them while the agent or it itself is away; their name says whose they are, so
/// that the next agent finds them again.
/// </summary>
/// <remarks>Containers are never removed by the engine itself: their end has to be asked for first.</remarks>
internal sealed partial class ContainerDriver(
    StateDirectory state, ContainerEngine engine, EngineImages images, ContainerGuard guard, IOptions<AgentOptions> options,
    TimeProvider time, ILogger<ContainerDriver> logger) : ITaskDriver
{
    private static readonly TimeSpan OneLook = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KillPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(30);
    private readonly ContainerPolicy _policy = new(options.Value.Container);
    private readonly ConditionalWeakTable<Attempt, Run> _runs = [];

    /// <inheritdoc/>
    public string Name => TaskDrivers.Container;

    /// <inheritdoc/>
    public async Task Prepare(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken)
    {
        if (engine.Missing is { } missing) throw new TaskStartException($"This node does not offer the driver container: {missing}.");
        var spec = attempt.Spec!;
        var name = _policy.Image(spec);
        var run = RunOf(attempt);
        (run.Volumes, run.Capabilities) = (_policy.Volumes(spec), _policy.Capabilities(spec));
        run.Image = await images.Get(name, cancellationToken);
        SandboxAccess.Open(attempt.Directory, toOthers: true);
    }

    /// <inheritdoc/>
    public async Task Start(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken)
    {
        var (run, name) = (RunOf(attempt), NameOf(attempt));
        try
        {
            var permit = await guard.Permit(attempt, cancellationToken);
            var id = await Make(ContainerRequest.Of(
                new()
                {
                    Name = name,
                    AgentId = state.AgentId,
                    Image = run.Image!,
                    Volumes = run.Volumes,
                    Capabilities = run.Capabilities,
                    HostIp = options.Value.Container.HostIp,
                    MaxProcesses = options.Value.Container.MaxProcesses,
                    Permit = permit,
                },
                attempt, environment), cancellationToken);
            if (permit is not null && !await guard.PutUp(attempt, id, permit, cancellationToken)) return;
            await engine.Start(name, cancellationToken);
            await guard.CheckSight(attempt, id, cancellationToken);
        }
        catch (Exception e) when (e is EngineException or TaskStartException)
        {
            if (await TryRemove(name)) await guard.Dismiss(attempt, CancellationToken.None);
            else await guard.Condemn(attempt, CancellationToken.None);
            throw e as TaskStartException ?? new TaskStartException($"The container could not be started: {e.Message}", e);
        }

        await TryKnowMain(attempt, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> Attach(Attempt attempt, CancellationToken cancellationToken)
    {
        if (!await guard.Find(attempt, cancellationToken)) return false;
        if (ContainerRecord.Read(attempt.Directory).HasEnded) return true;
        var began = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            try
            {
                var found = await engine.Inspect(NameOf(attempt), cancellationToken);
                if (found.State.Status is "created" or "configured" or "initialized") return false;
                KnowMain(attempt, found);
                return true;
            }
            catch (EngineException e) when (e.Failure == EngineFailure.Unreachable)
            {
                // What is known of its process is enough to watch it until the engine is back.
                if (ContainerRecord.Read(attempt.Directory).Main is not null) return true;
                if (time.GetElapsedTime(began) >= options.Value.Container.EngineGrace) return false;
            }
            catch (EngineException)
            {
                return false;
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<TaskState> Observe(Attempt attempt, CancellationToken cancellationToken)
    {
        if (ContainerRecord.Read(attempt.Directory).End is { } known) return known;
        try
        {
            return StateOf(attempt, await engine.Inspect(NameOf(attempt), cancellationToken));
        }
        catch (EngineException e) when (e.Failure == EngineFailure.Unreachable)
        {
            return ContainerRecord.Read(attempt.Directory).Main is { } main && main.StillRuns()
                ? new TaskState.Running()
                : new TaskState.Vanished($"Nobody knows how it ended: {e.Message}.");
        }
        catch (EngineException)
        {
            return Gone();
        }
    }

    /// <inheritdoc/>
    public async Task<TaskState> Wait(Attempt attempt, CancellationToken cancellationToken)
    {
        if (ContainerRecord.Read(attempt.Directory).End is { } known) return known;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = Follow(attempt, over.Token);
        var memory = WatchMemory(attempt, over.Token);
        var unguarded = guard.Replace(attempt, token => TryEnd(attempt, token), over.Token);
        try
        {
            var end = await UntilEnded(attempt, cancellationToken);
            if (end is TaskState.Ended)
            {
                // The kernel's word about the memory comes before the engine's about the end, but by another way.
                await Task.WhenAny(memory, Task.Delay(LastWord, time, cancellationToken));
                end = Record(attempt, (TaskState.Ended)end);
            }

            await over.CancelAsync();
            await output;
            if (end is TaskState.Ended) await TryCopyOutput(attempt, cancellationToken);
            return await unguarded ? new TaskState.Vanished("Its guard was killed, so the node ended it.") : end;
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(output, memory, unguarded);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> Signal(Attempt attempt, int signal, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Signal(NameOf(attempt), signal, cancellationToken);
        }
        catch (EngineException)
        {
            if (ContainerRecord.Read(attempt.Directory).Main is not { } main || !main.StillRuns()) return false;
            main.Signal(signal);
            return true;
        }
    }

    /// <inheritdoc/>
    public async Task<int> Kill(Attempt attempt, CancellationToken cancellationToken)
    {
        var left = await EndAndRemove(attempt, cancellationToken);
        if (left == 0) await guard.Dismiss(attempt, cancellationToken);
        else await guard.Condemn(attempt, cancellationToken);
        return left;
    }

    private async Task<int> EndAndRemove(Attempt attempt, CancellationToken cancellationToken)
    {
        var name = NameOf(attempt);
        var began = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            try
            {
                var found = await engine.Inspect(name, cancellationToken);
                if (found.State.Running || found.State.Paused)
                {
                    await engine.Signal(name, Posix.SigKill, cancellationToken);
                    await engine.WaitFor(name, OneLook, cancellationToken);
                    found = await engine.Inspect(name, cancellationToken);
                }

                if (!found.State.Running)
                {
                    if (StateOf(attempt, found) is TaskState.Ended ended) Record(attempt, ended);
                    await TryCopyOutput(attempt, cancellationToken);
                    await engine.Remove(name, cancellationToken);
                    return 0;
                }
            }
            catch (EngineException e) when (e.Failure == EngineFailure.NotFound)
            {
                return 0;
            }
            catch (EngineException e)
            {
                LogNotKilled(attempt.Id, e.Message);

                // Without the engine the kernel ends it as well: its first process takes all others with it. What the engine knows of it is
                // removed when the engine is back.
                var main = ContainerRecord.Read(attempt.Directory).Main;
                main?.Signal(Posix.SigKill);
                if (e.Failure == EngineFailure.Unreachable && main is not null && await HasGone(main.Value, cancellationToken)) return 0;
            }

            if (time.GetElapsedTime(began) >= KillPatience)
                return ContainerRecord.Read(attempt.Directory).Main is { } left && !left.StillRuns() ? 0 : 1;
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<TaskUsage?> Stats(Attempt attempt, CancellationToken cancellationToken) => Task.FromResult(
        ContainerRecord.Read(attempt.Directory).Main is { } main && main.StillRuns() ? ControlGroup.Of(main.Pid)?.Usage() : null);

    /// <inheritdoc/>
    async Task<int?> ITaskDriver.Run(Attempt attempt, ImmutableArray<string> command, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Run(NameOf(attempt), command, cancellationToken);
        }
        catch (EngineException e)
        {
            throw new TaskStartException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public async Task<IEnteredCommand?> Enter(
        Attempt attempt, TaskEnvironment environment, EnterRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var command = await engine.Enter(
                NameOf(attempt), [.. request.Command.Select(environment.Substitute)], request.Terminal?.Kind, cancellationToken);
            if (request.Terminal is { Rows: > 0, Columns: > 0 } terminal) command.Resize(terminal.Rows, terminal.Columns);
            return command;
        }
        catch (EngineException e) when (e.Failure is EngineFailure.NotFound or EngineFailure.Conflict)
        {
            return null;
        }
        catch (EngineException e)
        {
            throw new TaskStartException(e.Message, e);
        }
    }

    /// <summary>Removes containers of this agent that no attempt needs.</summary>
    public async Task Sweep(Func<string, bool> wanted, CancellationToken cancellationToken)
    {
        if (engine.Missing is not null) return;
        try
        {
            foreach (var name in await engine.Labelled(ContainerNames.AgentLabel, state.AgentId, cancellationToken))
            {
                if (wanted(name)) continue;
                await engine.Remove(name, cancellationToken);
                LogSwept(name);
            }
        }
        catch (EngineException e)
        {
            LogNotSwept(e.Message);
        }
    }

    private async Task<string> Make(CreateContainerParameters container, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Create(container, cancellationToken);
        }
        catch (EngineException e) when (e.Failure == EngineFailure.Conflict)
        {
            // Left behind by somebody who did not come to start it: an attempt is started once.
            await engine.Remove(container.Name, cancellationToken);
            return await engine.Create(container, cancellationToken);
        }
    }

    private string NameOf(Attempt attempt) => ContainerNames.Of(state.AgentId, attempt.Id);

    private Run RunOf(Attempt attempt) => _runs.GetValue(attempt, attempt => new(attempt.Directory, attempt.Spec?.Logs ?? new()));

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    private static TaskState.Vanished Gone() => new("Its container was removed by somebody else, so nobody knows how it ended.");

    /// <summary>What this agent knows of a container while it looks after it.</summary>
    private sealed class Run(AttemptDirectory attempt, LogSpec limits)
    {
        public string? Image { get; set; }

        public ImmutableArray<VolumeSpec> Volumes { get; set; } = [];

        public ImmutableArray<string> Capabilities { get; set; } = [];

        public bool OutOfMemory { get; set; }

        public ContainerLog Output { get; } = new(attempt, limits);
    }
}
