using System.Collections.Concurrent;

namespace OrleansScheduler.Agent;

/// <summary>Notices the ends of tasks: at once through the exit files, and by a slow look at every task for what leaves none.</summary>
internal sealed class ExitWatcher : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, Watched> _watched = [];
    private readonly FileSystemWatcher _files;
    private readonly ITimer _timer;

    public ExitWatcher(StateDirectory state, TimeProvider time)
    {
        _files = new(AttemptDirectory.ExitsOf(state.Root)) { NotifyFilter = NotifyFilters.FileName, InternalBufferSize = 64 * 1024 };

        // A supervisor writes elsewhere and moves what is whole here.
        _files.Created += (_, change) => Look(change.Name);
        _files.Renamed += (_, change) => Look(change.Name);
        _files.Error += (_, _) => LookAtAll();
        _files.EnableRaisingEvents = true;
        _timer = time.CreateTimer(_ => LookAtAll(), state: null, Poll, Poll);
    }

    /// <summary>Completes when the task no longer runs.</summary>
    /// <param name="attempt">The task.</param>
    /// <param name="look">Tells what has become of it.</param>
    public Task<TaskState> End(Attempt attempt, Func<Attempt, TaskState> look)
    {
        var name = Path.GetFileName(attempt.Directory.Exit);
        var end = new TaskCompletionSource<TaskState>(TaskCreationOptions.RunContinuationsAsynchronously);
        _watched[name] = new(attempt, look, end);
        Look(name);
        return end.Task;
    }

    /// <summary>Looks no longer after a task.</summary>
    public void Release(Attempt attempt) => _watched.TryRemove(Path.GetFileName(attempt.Directory.Exit), out _);

    /// <inheritdoc/>
    public void Dispose()
    {
        _files.Dispose();
        _timer.Dispose();
    }

    private void LookAtAll()
    {
        foreach (var name in _watched.Keys) Look(name);
    }

    private void Look(string? name)
    {
        if (name is null || !_watched.TryGetValue(name, out var watched) || watched.End.Task.IsCompleted) return;
        var state = watched.Look(watched.Attempt);
        if (state is not TaskState.Running && watched.End.TrySetResult(state)) _watched.TryRemove(name, out _);
    }

    private sealed record Watched(Attempt Attempt, Func<Attempt, TaskState> Look, TaskCompletionSource<TaskState> End);
}
