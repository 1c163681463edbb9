using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Asks the jobs that a job waits for how they stand, and tells those that wait for it. Nothing of it is durable: who waits asks again.
/// </summary>
/// <param name="state">The job.</param>
/// <param name="grains">Whom to ask and tell.</param>
/// <param name="hear">Takes an answer over.</param>
/// <param name="logger">The log.</param>
internal sealed partial class JobDependencies(
    JobState state, IGrainFactory grains, Func<JobKey, DependencyState, Task> hear, ILogger<JobDependencies> logger)
{
    /// <summary>Jobs beyond these are not told; they learn it when they ask the next time.</summary>
    private const int MostFollowers = 1_000;

    private readonly HashSet<JobKey> _followers = [];
    private readonly HashSet<JobKey> _asking = [];
    private ImmutableArray<JobKey> _asked = [];

    /// <summary>How this job stands; the follower is told when it has succeeded.</summary>
    public DependencyState Follow(JobKey follower)
    {
        var standing = Standing();
        if (standing != DependencyState.Met && _followers.Count < MostFollowers) _followers.Add(follower);
        return standing;
    }

    /// <summary>After a change of the job.</summary>
    public void Changed()
    {
        if (state.Header.WaitsFor != _asked) Ask();
        if (_followers.Count == 0 || Standing() != DependencyState.Met) return;
        foreach (var follower in _followers) _ = Tell(follower);
        _followers.Clear();
    }

    /// <summary>Asks every job that has not succeeded yet, once at a time.</summary>
    public void Ask()
    {
        _asked = state.Header.WaitsFor;
        if (state.Header.Stopped) return;
        foreach (var job in _asked.Where(_asking.Add)) _ = Ask(job);
    }

    private DependencyState Standing() => DependencyRules.StateOf(state);

    private async Task Ask(JobKey job)
    {
        try
        {
            var standing = await grains.GetGrain<IJobGrain>(job.ToString()).Follow(state.Key);
            if (standing == DependencyState.Met) await hear(job, standing);
        }
        catch (Exception e)
        {
            LogAskFailed(state.Key, job, e);
        }
        finally
        {
            _asking.Remove(job);
        }
    }

    private async Task Tell(JobKey follower)
    {
        try
        {
            await grains.GetGrain<IJobGrain>(follower.ToString()).DependencyChanged(state.Key, DependencyState.Met);
        }
        catch (Exception e)
        {
            LogTellFailed(state.Key, follower, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not ask {Other} how it stands and asks again")]
    private partial void LogAskFailed(JobKey job, JobKey other, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not tell {Follower} that it has succeeded; that one asks again")]
    private partial void LogTellFailed(JobKey job, JobKey follower, Exception exception);
}
