using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <content>Asks for the metric of the job's scale policy, as long as it has one.</content>
internal sealed partial class JobGrain
{
    private IGrainTimer? _scaling;
    private TimeSpan? _scaledEvery;
    private bool _reading;

    /// <summary>Begins, ends or changes the pace of the reading after a change of the job.</summary>
    private void FollowScale()
    {
        var every = _state.Exists && !_state.Header.Stopped ? _state.Spec.Scale?.Interval : null;
        if (every == _scaledEvery) return;
        _scaledEvery = every;
        _scaling?.Dispose();
        _scaling = every is { } period
            ? this.RegisterGrainTimer(ReadScale, new GrainTimerCreationOptions(period, period) { Interleave = true, KeepAlive = true })
            : null;
    }

    private async Task ReadScale(CancellationToken cancellationToken)
    {
        // A slow answer is waited for, not asked for again.
        if (_reading || _storage.IsAway || _state.Spec.Scale is not { } policy) return;
        _reading = true;
        try
        {
            var (value, failure) = await _metrics.Read(policy.Metric, cancellationToken);
            await _inbox.Post(round => round.Scale(value, failure));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogScaleFailed(_key, e);
        }
        finally
        {
            _reading = false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be scaled; it is tried again")]
    private partial void LogScaleFailed(JobKey job, Exception exception);
}
