namespace OrleansScheduler.Agent;

/// <summary>Watches over the health of one task for as long as it runs.</summary>
internal sealed partial class HealthWatch(HealthProber prober, AgentTelemetry telemetry, TimeProvider time, ILogger<HealthWatch> logger)
{
    /// <summary>A task that flaps is heard once a second, whatever the interval of its probe.</summary>
    private static readonly TimeSpan LeastBetweenTurns = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ListenPoll = TimeSpan.FromMilliseconds(50);

    /// <summary>Probes until the task has failed.</summary>
    /// <param name="attempt">The task.</param>
    /// <param name="environment">What it was told about itself.</param>
    /// <param name="health">How it shows that it is well.</param>
    /// <param name="onWell">Called when it is well for the first time.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>Why it has failed.</returns>
    public async Task<string> UntilFailed(
        Attempt attempt, TaskEnvironment environment, HealthSpec health, Action onWell, CancellationToken cancellationToken)
    {
        var tally = new HealthTally(health);
        var wasWell = attempt.Record.Status == ScheduleStatus.Running;
        if (!wasWell) await UntilListening(attempt, health, cancellationToken);
        while (true)
        {
            var reason = IsSnoozed(attempt) ? null : await prober.Ask(attempt, environment, health, cancellationToken);
            if (reason is not null)
            {
                telemetry.HealthFailure();
                LogProbeFailed(attempt.Id, reason);
            }

            var verdict = tally.Count(isWell: reason is null);
            if (verdict == HealthVerdict.Failed) return $"Failed health check! {reason ?? "It was not well for long enough."}";
            if (verdict == HealthVerdict.Well && !wasWell)
            {
                wasWell = true;
                onWell();
            }

            await Task.Delay(health.Interval, time, cancellationToken);
        }
    }

    /// <summary>Probes whether a task that runs takes work, until it ends. It is never ended for that.</summary>
    /// <param name="attempt">The task. What its record says stays until the probe has said otherwise.</param>
    /// <param name="environment">What it was told about itself.</param>
    /// <param name="readiness">The probe, with the terms of the task's health.</param>
    /// <param name="isTakenOver">Whether another agent has watched it before.</param>
    /// <param name="onTurn">
    /// Called with every change and why, at most once a second, and with the first word on a task that was taken over: what the agent
    /// before wrote down last may be lost.
    /// </param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async Task FollowReadiness(
        Attempt attempt, TaskEnvironment environment, HealthSpec readiness, bool isTakenOver, Action<bool, string> onTurn,
        CancellationToken cancellationToken)
    {
        var tally = new ReadinessTally(readiness, attempt.Record.IsReady ?? false);
        var said = isTakenOver ? null : attempt.Record.IsReady;
        long? saidAt = null;
        if (attempt.Record.IsReady != true) await UntilListening(attempt, readiness, cancellationToken);
        while (true)
        {
            // While it is snoozed nobody looks, so it stays as it is.
            if (!IsSnoozed(attempt))
            {
                var reason = await AskWhetherReady(attempt, environment, readiness, cancellationToken);
                var isReady = tally.Count(reason is null);
                if (tally.IsSettled && said != isReady && !(saidAt is { } before && time.GetElapsedTime(before) < LeastBetweenTurns))
                {
                    onTurn(isReady, isReady ? "Ready." : $"Not ready: {reason ?? "it was not just before"}.");
                    (said, saidAt) = (isReady, time.GetTimestamp());
                }
            }

            await Task.Delay(readiness.Interval, time, cancellationToken);
        }
    }

    private async Task<string?> AskWhetherReady(
        Attempt attempt, TaskEnvironment environment, HealthSpec readiness, CancellationToken cancellationToken)
    {
        try
        {
            return await prober.Ask(attempt, environment, readiness, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return e.Message;   // whatever it was: the task must not end for it
        }
    }

    private static bool IsSnoozed(Attempt attempt) => File.Exists(Path.Combine(attempt.Directory.Sandbox, ".healthchecksnooze"));

    // The first attempt waits for the port, so that a quick starter need not wait out a whole interval after an attempt that came too
    // early.
    private async Task UntilListening(Attempt attempt, HealthSpec health, CancellationToken cancellationToken)
    {
        var name = health.Probe switch
        {
            HealthProbe.Http http => http.Port,
            HealthProbe.Https https => https.Port,
            HealthProbe.Tcp tcp => tcp.Port,
            HealthProbe.Grpc grpc => grpc.Port,
            _ => "",
        };
        if (attempt.PortOf(name) is not { } port) return;
        var patience = health.InitialDelay < health.Interval ? health.InitialDelay : health.Interval;
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (!await HealthProber.IsListening(port, both.Token)) await Task.Delay(ListenPoll, time, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // From here on the attempts count.
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Attempt {Attempt} is not well: {Reason}")]
    private partial void LogProbeFailed(AttemptId attempt, string reason);
}
