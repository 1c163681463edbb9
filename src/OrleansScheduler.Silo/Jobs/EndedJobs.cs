using System.Collections.Concurrent;

namespace OrleansScheduler.Silo;

/// <summary>
/// The jobs of this silo that have ended. The last ones stay in memory, since people look at what has just happened, also while the storage
/// is away; those before them go. Else all jobs of the last quarter of an hour would stay, which is a million of them in a busy cell.
/// </summary>
/// <param name="held">How many stay.</param>
internal sealed class EndedJobs(int held)
{
    /// <summary>How many stay in a silo. One takes about 12 KB.</summary>
    public const int Held = 2_000;

    private readonly ConcurrentQueue<JobGrain> _jobs = new();

    /// <summary>A job has ended, and whoever needs to know that does.</summary>
    public void Add(JobGrain job)
    {
        _jobs.Enqueue(job);
        if (_jobs.Count > held && _jobs.TryDequeue(out var oldest)) oldest.Leave();
    }
}
