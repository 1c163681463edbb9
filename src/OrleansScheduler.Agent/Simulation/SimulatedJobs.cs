using System.Collections.Concurrent;

namespace OrleansScheduler.Agent;

/// <summary>What all virtual nodes of this process saw of all jobs. Safe for concurrent use.</summary>
/// <param name="time">The clock.</param>
/// <param name="roles">How many roles the load has.</param>
public sealed class SimulatedJobs(TimeProvider time, int roles = 1)
{
    private readonly ConcurrentDictionary<string, SimulatedJob> _jobs = new(StringComparer.Ordinal);
    private readonly Resources[] _usedByRole = new Resources[roles];
    private readonly Lock _lock = new();
    private long _running;
    private long _finished;
    private long _failed;
    private long _duplicated;
    private long _refused;
    private long _lastRunning;
    private long _lastFinish;

    /// <summary>Instances that the cell knows to have run, each counted once.</summary>
    public long EverRunning => Interlocked.Read(ref _running);

    /// <summary>Instances that the cell knows to have finished, each counted once.</summary>
    public long Finished => Interlocked.Read(ref _finished);

    /// <summary>Attempts that failed as the model wanted.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Instances that ran in two places at once, and attempts that were started twice.</summary>
    public long DuplicatedRuns => Interlocked.Read(ref _duplicated);

    /// <summary>Commands that nodes refused: repeated, or from an owner that had been replaced.</summary>
    public long RefusedCommands => Interlocked.Read(ref _refused);

    /// <summary>Timestamp when <see cref="EverRunning"/> last grew; 0 when it never did.</summary>
    public long LastRunningAt => Interlocked.Read(ref _lastRunning);

    /// <summary>Timestamp when <see cref="Finished"/> last grew; 0 when it never did.</summary>
    public long LastFinishAt => Interlocked.Read(ref _lastFinish);

    /// <summary>All jobs that were added or seen.</summary>
    public IReadOnlyCollection<SimulatedJob> All => (IReadOnlyCollection<SimulatedJob>)_jobs.Values;

    /// <summary>What running tasks of the load hold, by role.</summary>
    public ImmutableArray<Resources> UsedByRole()
    {
        lock (_lock) return [.. _usedByRole];
    }

    /// <summary>Makes a job known before it is submitted.</summary>
    /// <param name="name">Its key.</param>
    /// <param name="instances">How many instances it has.</param>
    /// <param name="duration">How long an attempt runs; zero for ever.</param>
    /// <param name="request">What one instance holds.</param>
    /// <param name="role">Place of its role among those of the load.</param>
    public SimulatedJob Add(string name, int instances, TimeSpan duration, Resources request, int role)
    {
        var job = new SimulatedJob(this, name, instances, time) { Duration = duration, Request = request, Role = role };
        return _jobs.TryAdd(name, job) ? job : throw new ArgumentException($"there is a job {name} already", nameof(name));
    }

    /// <summary>The job of a command; one that nobody added counts for no role and runs for ever.</summary>
    internal SimulatedJob Of(string name) =>
        _jobs.TryGetValue(name, out var job) ? job : _jobs.GetOrAdd(name, n => new SimulatedJob(this, n, 0, time));

    internal void Started(SimulatedJob job)
    {
        lock (_lock) _usedByRole[job.Role] += job.Request;
    }

    internal void Ended(SimulatedJob job, bool succeeded)
    {
        lock (_lock) _usedByRole[job.Role] -= job.Request;
        if (!succeeded) Interlocked.Increment(ref _failed);
    }

    internal void RunningIsDurable()
    {
        Interlocked.Increment(ref _running);
        Interlocked.Exchange(ref _lastRunning, time.GetTimestamp());
    }

    internal void FinishIsDurable()
    {
        Interlocked.Increment(ref _finished);
        Interlocked.Exchange(ref _lastFinish, time.GetTimestamp());
    }

    internal void Duplicated() => Interlocked.Increment(ref _duplicated);

    internal void Refused(int commands) => Interlocked.Add(ref _refused, commands);
}
