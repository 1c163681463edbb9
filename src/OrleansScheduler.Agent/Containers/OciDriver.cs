using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>
/// Runs tasks as containers without an engine: unpacks their images itself and starts an OCI runtime in the place of a task's process,
/// under
/// the supervisor that every process has. So their output, their end and their adoption by the next agent are those of processes.
/// </summary>
/// <remarks>The root is the unpacked image with a layer of the attempt's own over it. It is mounted in a mount namespace that ends with the
/// runtime, so nothing stays mounted whatever is killed.</remarks>
internal sealed class OciDriver(
    StateDirectory state, OciRuntime runtime, ImageCache images, ProcessDriver processes, NodeDescription node,
    IOptions<AgentOptions> options, TimeProvider time) : ITaskDriver
{
    private const string Script =
        "{ [ -z \"$8\" ] || mount -t tmpfs osched \"$8\"; } && "
            + "mount -t overlay -o \"lowerdir=$1,upperdir=$2/upper,workdir=$2/work\" osched \"$2/root\" && "
            + "exec \"$3\" --root \"$4\" --log \"$5/log\" --log-format json run $7 --bundle \"$5\" \"$6\"";

    private static readonly TimeSpan EndPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LastWord = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EndOfKilled = TimeSpan.FromSeconds(10);
    private readonly ContainerPolicy _policy = new(options.Value.Container);
    private readonly ConditionalWeakTable<Attempt, Attempt> _runs = [];
    private readonly Lazy<Task<string?>> _overlay = new(() => TryOverlay(state, runtime));
    private volatile OciTraits _traits = new(Keeps: true, Hides: "");

    /// <inheritdoc/>
    public string Name => TaskDrivers.Oci;

    /// <inheritdoc/>
    public async Task Prepare(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken)
    {
        if (runtime.Missing is { } missing) throw new TaskStartException($"This node does not offer the driver oci: {missing}.");
        var spec = attempt.Spec!;
        var name = _policy.Image(spec);
        var (volumes, capabilities) = (_policy.Volumes(spec), _policy.Capabilities(spec));
        if (name.Path is null) throw new TaskStartException($"The oci driver does not pull; {name.Text} is in no archive.");
        if (await _overlay.Value.WaitAsync(cancellationToken) is { } problem) throw new TaskStartException(problem);
        _traits = await runtime.Traits.WaitAsync(cancellationToken);
        var image = await images.Get(name, attempt.Directory, cancellationToken);
        var directories = new OciDirectories(attempt.Directory);
        var user = OciUser.Of(spec.User ?? image.Config.User, image.Root);
        var bundle = new OciBundle
        {
            Arguments = image.Config.Arguments(spec, environment),
            Env = ContainerEnvironment.Of(image.Config.Env, spec, environment),
            User = user,
            WorkingDirectory = spec.Container.WorkingDirectory ?? image.Config.WorkingDirectory ?? "/",
            HostName = HostNameOf(attempt.Id),
            Root = directories.Root,
            Sandbox = attempt.Directory.Sandbox,
            Spec = spec,
            Volumes = volumes,
            Capabilities = capabilities,
            Group = "/" + IdOf(attempt),
            MaxProcesses = options.Value.Container.MaxProcesses,
            LimitsSwap = ControlGroup.IsUnified || File.Exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"),
        };
        directories.Create(image.Root);
        SandboxAccess.Open(attempt.Directory, user.Id != 0);
        await File.WriteAllTextAsync(Path.Combine(directories.Bundle, "config.json"), bundle.ToJson().ToJsonString(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task Start(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken)
    {
        var run = RunOf(attempt);
        await processes.Start(run, EnvironmentOf(run), cancellationToken);
        attempt.Supervisor = run.Supervisor;
    }

    /// <inheritdoc/>
    public async Task<bool> Attach(Attempt attempt, CancellationToken cancellationToken)
    {
        var run = RunOf(attempt);
        var found = await processes.Attach(run, cancellationToken);
        attempt.Supervisor = run.Supervisor;
        return found;
    }

    /// <inheritdoc/>
    public async Task<TaskState> Observe(Attempt attempt, CancellationToken cancellationToken) =>
        Told(attempt, await processes.Observe(RunOf(attempt), cancellationToken));

    /// <inheritdoc/>
    public async Task<TaskState> Wait(Attempt attempt, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var memory = WatchMemory(attempt, over.Token);
        try
        {
            var end = await processes.Wait(RunOf(attempt), cancellationToken);
            if (!memory.IsCompleted) await Task.WhenAny(memory, Task.Delay(LastWord, time, cancellationToken));
            return Told(attempt, end);
        }
        finally
        {
            await over.CancelAsync();
            await memory;
        }
    }

    /// <inheritdoc/>
    public Task<bool> Signal(Attempt attempt, int signal, CancellationToken cancellationToken) =>
        processes.Signal(RunOf(attempt), signal, cancellationToken);

    /// <inheritdoc/>
    public async Task<int> Kill(Attempt attempt, CancellationToken cancellationToken)
    {
        var run = RunOf(attempt);
        if (runtime.Missing is not null) return await processes.Kill(run, cancellationToken);

        // Its first process takes all others with it. What the supervisor then records is the container's end and not the runtime's.
        if (await processes.Observe(run, cancellationToken) is TaskState.Running
            && (await Try(["kill", IdOf(attempt), "KILL"], cancellationToken)).ExitCode == 0)
            await Ended(run, cancellationToken);
        var left = await processes.Kill(run, cancellationToken);

        // The runtime's files, the control group, and what it knows of its end, are there until now.
        _ = Told(attempt, await processes.Observe(run, cancellationToken));
        _ = await Try(["delete", "--force", IdOf(attempt)], cancellationToken);
        return left;
    }

    /// <inheritdoc/>
    public Task<TaskUsage?> Stats(Attempt attempt, CancellationToken cancellationToken) =>
        Task.FromResult(ControlGroup.At(IdOf(attempt)).Usage());

    /// <inheritdoc/>
    public async Task<int?> Run(Attempt attempt, ImmutableArray<string> command, CancellationToken cancellationToken)
    {
        var process = OciBundle.WriteProcess(new OciDirectories(attempt.Directory).Bundle, command, terminalKind: null);
        var pidFile = process + ".pid";
        try
        {
            return (await runtime.Run(["exec", "--process", process, "--pid-file", pidFile, IdOf(attempt)], cancellationToken)).ExitCode;
        }
        catch (OperationCanceledException)
        {
            // The runtime is gone, what it has started in the container is not.
            if (File.Exists(pidFile) && int.TryParse(await File.ReadAllTextAsync(pidFile, CancellationToken.None),
                CultureInfo.InvariantCulture, out var pid))
                ProcessStat.Of(pid)?.Signal(Posix.SigKill);
            throw;
        }
        finally
        {
            File.Delete(pidFile);
            File.Delete(process);
        }
    }

    /// <inheritdoc/>
    public Task<IEnteredCommand?> Enter(
        Attempt attempt, TaskEnvironment environment, EnterRequest request, CancellationToken cancellationToken)
    {
        if (attempt.Supervisor is null) return Task.FromResult<IEnteredCommand?>(null);
        var process = OciBundle.WriteProcess(
            new OciDirectories(attempt.Directory).Bundle, request.Command.Select(environment.Substitute), request.Terminal?.Kind);
        try
        {
            return Task.FromResult<IEnteredCommand?>(new ProcessCommand(
                terminal => runtime.Enter(IdOf(attempt), process, terminal?.File), request.Terminal, time, () => File.Delete(process)));
        }
        catch
        {
            File.Delete(process);
            throw;
        }
    }

    /// <summary>Removes containers of this agent that no attempt needs.</summary>
    public async Task Sweep(Func<string, bool> wanted, CancellationToken cancellationToken)
    {
        if (runtime.Missing is not null || !Directory.Exists(runtime.State)) return;
        foreach (var place in Directory.EnumerateDirectories(runtime.State))
        {
            var id = Path.GetFileName(place);
            if (id.StartsWith(ContainerNames.PrefixOf(state.AgentId), StringComparison.Ordinal) && !wanted(id))
                _ = await Try(["delete", "--force", id], cancellationToken);
        }
    }

    private string IdOf(Attempt attempt) => ContainerNames.Of(state.AgentId, attempt.Id);

    /// <summary>The attempt as the driver of processes is to see it: its command is the runtime.</summary>
    private Attempt RunOf(Attempt attempt)
    {
        var run = _runs.GetValue(attempt, MakeRun);
        run.Record = attempt.Record;
        return run;
    }

    private Attempt MakeRun(Attempt attempt)
    {
        var directories = new OciDirectories(attempt.Directory);
        ImmutableArray<string> command =
        [
            runtime.Unshare ?? "unshare", "--mount", "--propagation", "slave", "--", "/bin/sh", "-c", Script, "osched",
            directories.Image, directories.Layer, runtime.Program, runtime.State, directories.Bundle, IdOf(attempt),
            _traits.Keeps ? "--keep" : "", _traits.Hides,
        ];
        var spec = attempt.Spec is { } own
            ? own with { Command = command, Env = own.Env.Clear(), Ports = [], Container = new(), Image = null }
            : null;
        return new(attempt.Directory, attempt.Record, spec) { StartBy = attempt.StartBy, Supervisor = attempt.Supervisor };
    }

    private TaskEnvironment EnvironmentOf(Attempt run) => new(run, run.Spec!, node.Id, options.Value.SelfCommand);

    /// <summary>What the supervisor says of the runtime, as it is true of the container.</summary>
    private TaskState Told(Attempt attempt, TaskState state)
    {
        if (state is not TaskState.Ended { } ended) return state;
        var known = ContainerRecord.Read(attempt.Directory);
        if (known.End is { } said) return said;
        var code = ended.Signal is { } signal ? 128 + signal : ended.ExitCode ?? 0;
        var error = code == 0 ? null : OciRuntime.LastError(Path.Combine(new OciDirectories(attempt.Directory).Bundle, "log"));
        known = new()
        {
            HasEnded = true,
            ExitCode = code,
            OutOfMemory = known.OutOfMemory || ControlGroup.At(IdOf(attempt)).HasRunOutOfMemory() == true,
            Message = error is null ? ended.Message : $"It could not be started: {error}",
        };
        known.Write(attempt.Directory);
        return known.End!;
    }

    /// <summary>A runtime that removes the group of what has ended takes the kernel's word with it, so it is heard before and written down.
    /// </summary>
    private async Task WatchMemory(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            if ((await runtime.Traits.WaitAsync(cancellationToken)).Keeps) return;
            var group = ControlGroup.At(IdOf(attempt));
            while (group.HasRunOutOfMemory() is null) await Task.Delay(EndPause, time, cancellationToken);
            if (await group.OutOfMemory(time, cancellationToken))
                (ContainerRecord.Read(attempt.Directory) with { OutOfMemory = true }).Write(attempt.Directory);
        }
        catch (Exception e) when (e is OperationCanceledException or TaskStartException)
        {
            // The container has ended, or another agent goes on.
        }
    }

    private async Task Ended(Attempt run, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(EndOfKilled, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        while (!both.IsCancellationRequested && await processes.Observe(run, cancellationToken) is TaskState.Running)
            await Task.Delay(EndPause, time, both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<ProgramEnd> Try(ImmutableArray<string> command, CancellationToken cancellationToken)
    {
        try
        {
            return await runtime.Run(command, cancellationToken);
        }
        catch (TaskStartException e)
        {
            return new(-1, "", e.Message);
        }
    }

    private static string HostNameOf(AttemptId attempt)
    {
        var name = string.Concat($"{attempt.Job.Name}-{attempt.Instance}".Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        return name.Length switch { 0 => "task", > 63 => name[..63], _ => name };
    }

    private static async Task<string?> TryOverlay(StateDirectory state, OciRuntime runtime)
    {
        var place = Path.Combine(state.Root, "overlay.test");
        foreach (var part in (string[])["lower", "upper", "work", "root"]) Directory.CreateDirectory(Path.Combine(place, part));
        const string Attempt = "mount -t overlay -o \"lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work\" osched \"$1/root\"";
        try
        {
            var end = await runtime.RunProgram(
                runtime.Unshare!, ["--mount", "--", "/bin/sh", "-c", Attempt, "osched", place], TimeSpan.FromSeconds(10),
                    CancellationToken.None);
            return end.ExitCode == 0 ? null : $"The file system of Agent:StateDirectory takes no overlay: {end.Errors.Trim()}";
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }
}
