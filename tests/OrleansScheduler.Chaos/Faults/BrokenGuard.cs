namespace OrleansScheduler.Chaos;

/// <summary>
/// A product that breaks a rule: an agent is paused beyond its lease, and so is the supervisor that would end its strict task. The check
/// must
/// notice that the task then runs twice.
/// </summary>
internal sealed class BrokenGuard(ClusterDriver cluster, Witness witness)
{
    private static readonly WorkloadJob Job = WorkloadJob.Service("broken-guard-strict", 1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether the check noticed; null when there was no supervisor to pause, or the task was never replaced.</summary>
    public async Task<bool?> IsNoticed()
    {
        using var client = cluster.Client(patience: TimeSpan.FromSeconds(5));
        await client.SubmitJobsAsync(Job.File(witness));
        if (await Until(lines => lines.Length > 1) is not [var first, ..]) return null;
        var agent = cluster.Agents.First(agent => ClusterDriver.NodeOf(agent) == first.Node);
        var guard = TaskProcesses.Running(cluster.StateOf(agent)).FirstOrDefault(running => running.Attempt == first.Attempt).Supervisor;
        if (guard == 0) return null;
        agent.Pause();
        try
        {
            OwnedProcess.Send(guard, Signal.Stop);
            var lines = await Until(Overlapped);
            if (!Overlapped(lines)) return null;
            var check = Check.All.First(check => check.Id == "S3");
            return check.Of(new Evidence { Witness = lines }).Verdict == Verdict.Violated;
        }
        finally
        {
            OwnedProcess.Send(guard, Signal.Continue);
            agent.Resume();
            await client.StopJobAsync(Job.Key);
        }

        bool Overlapped(ImmutableArray<WitnessLine> lines) =>
            lines.FirstOrDefault(line => line.Attempt != first.Attempt) is { Pid: > 0 } next
            && lines.Any(line => line.Attempt == first.Attempt && line.At > next.At + 1);
    }

    private async Task<ImmutableArray<WitnessLine>> Until(Func<ImmutableArray<WitnessLine>, bool> enough)
    {
        var started = BootClock.Now;
        while (true)
        {
            ImmutableArray<WitnessLine> lines = [.. witness.Read().Where(line => line.Attempt.Job == Job.Key)];
            if (enough(lines) || BootClock.Now - started > Patience.TotalSeconds) return lines;
            await Task.Delay(LookAgain, TimeProvider.System);
        }
    }
}
