using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <content>Asks for the metric of the job's scale policy, as long as it has one.</content>
internal sealed partial class JobGrain
{
    private const int UsageWidth = 16;
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
            var (value, failure) = policy.Cpu is null
                ? await _metrics.Read(policy.Metric, cancellationToken)
                : await ReadCpu(cancellationToken);
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

    /// <summary>Asks the nodes that have an instance, a few at once. One that does not answer has nothing to say this time.</summary>
    private async Task<(double? Value, string? Failure)> ReadCpu(CancellationToken cancellationToken)
    {
        var running = _state.Tasks.Values.Where(task => task is { Status: ScheduleStatus.Running, Node: not null }).ToList();
        var uses = new List<TaskUse>();
        foreach (var nodes in running.Select(task => task.Node!).Distinct(StringComparer.Ordinal).Chunk(UsageWidth))
            foreach (var some in await Task.WhenAll(nodes.Select(Ask))) uses.AddRange(some);
        var current = running.Select(task => task.Ref.Of(_key)).ToHashSet();
        return CpuReading.Of([.. uses.Where(use => current.Contains(use.Attempt))], running.Count, _state.Spec.Task.Resources.CpuMillis);

        async Task<ImmutableArray<TaskUse>> Ask(string node)
        {
            try
            {
                return await GrainFactory.GetGrain<INodeGrain>(node).ReadUsage(_key, cancellationToken);
            }
            catch (Exception e) when (e is TimeoutException or OrleansException)
            {
                return [];
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be scaled; it is tried again")]
    private partial void LogScaleFailed(JobKey job, Exception exception);
}
