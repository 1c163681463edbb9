namespace OrleansScheduler.Cli;

/// <summary>Waits for jobs to reach their goals, and shows how they get there.</summary>
internal static class JobWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits until every goal is reached or missed.</summary>
    /// <returns>0 when all were reached, 1 when one was missed, 124 when <paramref name="timeout"/> ended it, or a problem's
    /// code.</returns>
    public static async Task<int> WaitAsync(
        Session session, IReadOnlyList<JobGoal> goals, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var start = session.Terminal.Time.GetTimestamp();
        using var progress = JobProgress.For(session);
        var open = goals.ToList();
        var missed = new List<string>();
        while (true)
        {
            foreach (var goal in open.ToArray())
            {
                var answer = await session.Client.DescribeJobAsync(goal.Job, cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                progress.Show(answer.Value!);
                var (state, why) = goal.Judge(answer.Value!);
                if (state == GoalState.Pending) continue;
                open.Remove(goal);
                if (state == GoalState.Missed) missed.Add($"{goal.Job}: {why}");
            }

            if (open.Count == 0) break;
            if (session.Terminal.Time.GetElapsedTime(start) >= timeout)
            {
                progress.Dispose();
                session.Say(
                    $"osched: after {Words.Of(timeout.Value)} still waiting for {string.Join(", ", open.Select(goal => goal.Job))}");
                return ExitCode.TimedOut;
            }

            await Task.Delay(Interval, session.Terminal.Time, cancellationToken);
        }

        progress.Dispose();
        foreach (var line in missed) session.Say($"osched: {line}");
        return missed.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
    }
}
