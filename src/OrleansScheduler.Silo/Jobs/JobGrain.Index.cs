using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <content>Its place in the index: a job that is not in there nobody lists, and nobody wakes after a crash.</content>
internal sealed partial class JobGrain
{
    private Task? _indexing;
    private bool _beginning;
    private bool _isAmongEnded;
    private IGrainTimer? _unknown;

    private IJobIndexGrain JobIndexShard => GrainFactory.GetGrain<IJobIndexGrain>(JobIndex.ShardOf(_key));

    public Task<JobMotion> Look(CancellationToken cancellationToken)
    {
        // Whoever asks wakes no job again that has ended, so nobody else must have to hear of it.
        if (_inMotion || _beginning || !_outbox.IsEmpty) return Task.FromResult(JobMotion.Moving);
        if (_state.Exists && !_state.IsEnded) return Task.FromResult(JobMotion.AtRest);
        BeAmongEnded();
        return Task.FromResult(JobMotion.Ended);
    }

    /// <summary>Being read, or asked for without existing, keeps a job in memory no longer than others that have ended.</summary>
    private void BeAmongEnded()
    {
        if (_isAmongEnded) return;
        _isAmongEnded = true;
        _ended.Add(this);
    }

    /// <summary>
    /// Gives the memory of a job back that has ended. Without its storage nobody could read it again. Any thread may call.
    /// </summary>
    public void Leave()
    {
        if (_isAmongEnded && !_inMotion && !_beginning && !_storage.IsAway) DeactivateOnIdle();
    }

    /// <summary>Whether the index has to learn of it anew: it is a new job, or one that had ended and goes on.</summary>
    private bool Begins(JobDecision decision)
    {
        if (_state.Exists && (_inMotion || !decision.InMotion || !_state.IsEnded)) return false;
        (_beginning, _isAmongEnded, _indexing) = (true, false, null);
        return true;
    }

    /// <summary>Has the index know the job. What failed is done again by whoever asks next.</summary>
    private Task Index()
    {
        if (_indexing is null or { IsFaulted: true } or { IsCanceled: true }) _indexing = JobIndexShard.Add(_key);
        return _indexing;
    }

    /// <summary>The same for who submitted it. The job is durable by then, so an index that refuses is no refusal.</summary>
    private async Task BeIndexed()
    {
        try
        {
            await Index();
        }
        catch (Exception e) when (e is StorageUnavailableException or OverloadedException)
        {
            throw new StorageUnavailableException("The job is written, and its place in the index is not.", e) { MayBeDone = true };
        }
        catch (OrleansException e)
        {
            // A silo that was lost says nothing either way, and would read as if nobody had been asked.
            throw new TimeoutException("The job is written, and whether the index knows it is not known.", e);
        }
    }

    /// <summary>After an activation: the one before may not have come so far. A job that has ended need only be listed.</summary>
    private Task BeKnownAgain() => _state.IsEnded ? JobIndexShard.SetMotion(_key, inMotion: false) : BeKnown();

    /// <summary>Goes on until the index knows the job, whether who submitted it still waits for that or not.</summary>
    private async Task BeKnown()
    {
        try
        {
            await Index();
            _unknown?.Dispose();
            _unknown = null;
        }
        catch (Exception e)
        {
            LogUnknown(_key, e.Message);
            _unknown ??= this.RegisterGrainTimer(_ => BeKnown(),
                new GrainTimerCreationOptions(_options.ResendAfter, _options.ResendAfter) { Interleave = true, KeepAlive = true });
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} is not in the index yet and tries again: {Reason}")]
    private partial void LogUnknown(JobKey job, string reason);
}
