namespace OrleansScheduler.Silo;

/// <content>SLA figures as metrics, when the cell wants them.</content>
internal sealed partial class JobGrain
{
    private IGrainTimer? _figuring;

    /// <summary>Begins or ends the figuring after a change of the job.</summary>
    private void FollowSla()
    {
        if (_figures.Every is not { } every) return;
        var isWanted = _state is { Exists: true, Header.Stopped: false, Spec.Type: JobType.Service };
        if (isWanted == (_figuring is not null)) return;
        _figuring?.Dispose();
        _figuring = isWanted
            ? this.RegisterGrainTimer(Figure, new GrainTimerCreationOptions(every, every) { Interleave = true, KeepAlive = true })
            : null;
        if (!isWanted) _figures.Remove(_key);
    }

    private Task Figure(CancellationToken cancellationToken)
    {
        _figures.Set(SlaMetrics.Describe(_state, _figures.Every!.Value, _time.GetUtcNow()));
        return Task.CompletedTask;
    }
}
