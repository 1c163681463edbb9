namespace OrleansScheduler.Core;

/// <content>Jobs that this one waits for.</content>
public sealed partial class JobRound
{
    private bool IsWaiting => !_header.WaitsFor.IsEmpty && !_header.Stopped;

    /// <summary>How a job stands that this one waits for. Once it has succeeded it is not asked for again in this run.</summary>
    public void Hear(JobKey job, DependencyState state)
    {
        if (state != DependencyState.Met || !_header.WaitsFor.Contains(job)) return;
        _header = _header with { WaitsFor = _header.WaitsFor.Remove(job) };
        var left = _header.WaitsFor.Length;
        Announce("job", left == 0 ? "READY" : "WAITING", left == 0
            ? $"{job} has succeeded; all that it waited for has."
            : $"{job} has succeeded; it waits for {left} more.");
    }

    /// <summary>What a waiting job waits for after its spec has changed: what it did not know of before too.</summary>
    private void WaitAlsoFor(JobSpec spec)
    {
        if (_header.WaitsFor.IsEmpty) return;
        var before = Spec.After;
        _header = _header with { WaitsFor = [.. spec.After.Where(job => _header.WaitsFor.Contains(job) || !before.Contains(job))] };
    }
}
