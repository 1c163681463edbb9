using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Asks the coordinator of a job about instances on nodes that are to be emptied, one after the other and behind the node's back: the
/// node asks again, and then hears what came of it. Nothing of it is durable.
/// </summary>
/// <param name="state">The job.</param>
/// <param name="coordinators">The way to coordinators.</param>
/// <param name="release">Lets an attempt go that the coordinator does not hold.</param>
/// <param name="time">The clock of deadlines.</param>
/// <param name="logger">The log.</param>
internal sealed partial class JobMaintenance(
    JobState state, SlaCoordinators coordinators, Func<DrainAsk, AttemptRef, Task> release, TimeProvider time,
    ILogger<JobMaintenance> logger)
{
    private readonly Dictionary<AttemptRef, string> _refusals = [];
    private bool _asking;

    /// <summary>What the job has decided, with what its coordinator last said; asks it about what waits for it.</summary>
    public DrainAnswer Follow(DrainAsk ask, DrainAnswer answer)
    {
        var waiting = answer.Held.Where(h => h.Coordinator is not null).Select(h => state.Tasks.GetValueOrDefault(h.Instance)?.Ref)
            .OfType<AttemptRef>().ToImmutableArray();
        if (waiting.IsEmpty) return answer;
        if (!_asking) _ = Ask(ask, waiting);
        return answer with
        {
            Held = [.. answer.Held.Select(h => waiting.FirstOrDefault(a => a.Instance == h.Instance) is var attempt
                && _refusals.TryGetValue(attempt, out var refusal) ? h with { Reason = refusal } : h)],
        };
    }

    private async Task Ask(DrainAsk ask, ImmutableArray<AttemptRef> attempts)
    {
        _asking = true;
        try
        {
            foreach (var attempt in attempts)
            {
                // It takes as long as the coordinator does, and meanwhile anything may have happened to the job.
                if ((state.Spec.Sla ?? ask.DefaultSla)?.Coordinator is not { } coordinator) return;
                if (!state.Tasks.TryGetValue(attempt.Instance, out var task) || task.Ref != attempt || task.Status.IsStopping()) continue;
                long? left = ask.Deadline - time.GetUtcNow() is { } rest ? (long)Math.Max(0, rest.TotalMilliseconds) : null;
                var question = new CoordinatorQuestion(JobDescription.Describe(state, task, withHistory: false), "", left);
                var refusal = await coordinators.Ask(coordinator, question, () => release(ask, attempt));
                if (refusal is null) _refusals.Remove(attempt);
                else _refusals[attempt] = refusal;
            }
        }
        catch (Exception e)
        {
            LogAskFailed(state.Key, e);   // the node asks again
        }
        finally
        {
            foreach (var gone in _refusals.Keys.Where(a => state.Tasks.GetValueOrDefault(a.Instance)?.Ref != a).ToList())
                _refusals.Remove(gone);
            _asking = false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not follow what its coordinator said")]
    private partial void LogAskFailed(JobKey job, Exception exception);
}
