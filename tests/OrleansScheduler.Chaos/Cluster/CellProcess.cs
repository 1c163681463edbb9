namespace OrleansScheduler.Chaos;

/// <summary>One silo, gateway or agent of a cell, which may be ended and started again as often as one likes.</summary>
internal sealed class CellProcess(
    string name, string log, ImmutableArray<string> through, string executable, ImmutableArray<string> arguments,
    ImmutableDictionary<string, string> environment) : IAsyncDisposable
{
    private OwnedProcess? _process;
    private string _executable = executable;

    /// <summary>Its name in the cell, such as <c>silo-1</c>.</summary>
    public string Name => name;

    /// <summary>File with all that it has said.</summary>
    public string Log => log;

    /// <summary>Its process id; 0 when it does not run.</summary>
    public int Id => IsRunning ? _process!.Id : 0;

    /// <summary>Whether there is a process, paused or not.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>How its last process ended; null while it runs.</summary>
    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;

    /// <summary>Where it answers, as <c>host:port</c>: a silo to other silos, a gateway to users, an agent nowhere.</summary>
    public string Address { get; init; } = "";

    /// <summary>Where it serves metrics and health; null for what serves none.</summary>
    public Uri? Health { get; init; }

    /// <summary>Starts it; nothing when it runs.</summary>
    public void Start()
    {
        if (!IsRunning) _process = OwnedProcess.Start(log, [.. through, _executable, .. arguments], environment);
    }

    /// <summary>Lets it be another build of the program from its next start on.</summary>
    public void Exchange(string build) => _executable = build;

    /// <summary>SIGKILL.</summary>
    public Task Kill() => _process?.Kill() ?? Task.CompletedTask;

    /// <summary>SIGSTOP.</summary>
    public void Pause() => _process?.Pause();

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process?.Resume();

    /// <summary>SIGTERM, then SIGKILL. Answers whether it ended by itself within the time.</summary>
    public Task<bool> Stop(TimeSpan within) => _process?.Stop(within) ?? Task.FromResult(true);

    /// <summary>Waits for its end. Answers whether it came within the time.</summary>
    public Task<bool> Ended(TimeSpan within) => _process?.Ended(within) ?? Task.FromResult(true);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
