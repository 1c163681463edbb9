using System.Diagnostics;
using OrleansScheduler.Agent;

namespace OrleansScheduler.Cli;

/// <summary>Runs virtual agents and load against a cell, and says what came of it.</summary>
internal sealed class Simulation(SimulationOptions options, IControlPlane cell, SchedulerClient client, Session session)
{
    private const int JobsAskedAtTheEnd = 2_000;
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SayPeriod = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time = session.Terminal.Time;
    private readonly SimulatedJobs _jobs = new(session.Terminal.Time, options.Roles);

    /// <summary>The whole of it: nodes, load, the end of the load, and the figures.</summary>
    public async Task<Answer<SimulationReport>> RunAsync(CancellationToken cancellationToken)
    {
        await using var agents = new VirtualAgents(cell.Agents, _jobs, options.Model, _time);
        agents.Start(options.Nodes);
        if (await Registered(agents, cancellationToken) is { } problem) return problem;
        var sampler = new UsageSampler(_jobs, options.Nodes.Aggregate(Resources.None, (sum, node) => sum + node.Capacity));
        var operation = SchedulerClient.NewOperationId();
        var load = new LoadSubmitter(client, _jobs, options, operation, _time);
        var before = await cell.Use(cancellationToken);
        var ownCpu = OwnCpuSeconds();
        var submitting = load.Run(cancellationToken);
        await ToTheEnd(submitting, load, sampler, cancellationToken);
        var after = await cell.Use(cancellationToken);
        ownCpu = OwnCpuSeconds() - ownCpu;
        var wall = _time.GetElapsedTime(load.StartedAt).TotalSeconds;
        if (load.Submitted.IsEmpty && load.Refusal is { } refusal) return refusal;
        var (missing, waiting) = await Missing(load.Submitted, cancellationToken);
        return Report(load, sampler, wall, before, after) with
        {
            Lost = missing - waiting,
            Waiting = waiting,
            SimulatorCpuSeconds = Math.Round(ownCpu, 2),
        };
    }

    private async Task<Problem?> Registered(VirtualAgents agents, CancellationToken cancellationToken)
    {
        var wanted = options.Nodes.Length;
        var (last, said, since) = (-1, _time.GetTimestamp(), _time.GetTimestamp());
        while (true)
        {
            var ready = agents.Registered;
            if (ready == wanted) break;
            if (agents.Refusal is { } refusal)
                return Problem.Of(ProblemKind.Conflict, "agent-refused", $"The cell refuses a virtual agent: {refusal}");
            if (ready != last) (last, since) = (ready, _time.GetTimestamp());
            if (_time.GetElapsedTime(since) > options.Patience)
                return Problem.Of(
                    ProblemKind.Unavailable, "agents-unregistered", $"Only {ready} of {wanted} nodes could register at {cell.Agents}.");
            if (_time.GetElapsedTime(said) > SayPeriod)
            {
                session.Say($"{ready} of {wanted} nodes have registered");
                said = _time.GetTimestamp();
            }

            await Task.Delay(LookPeriod / 5, _time, cancellationToken);
        }

        session.Say($"{wanted} nodes have registered");
        return null;
    }

    private async Task ToTheEnd(Task submitting, LoadSubmitter load, UsageSampler sampler, CancellationToken cancellationToken)
    {
        var (lastSeen, progressAt, saidAt) = (-1L, _time.GetTimestamp(), _time.GetTimestamp());
        var (ranBefore, finishedBefore) = (0L, 0L);
        while (true)
        {
            sampler.Look();
            if (submitting.IsCompleted)
            {
                await submitting;
                if (IsSettled(load)) return;
            }

            var seen = load.Tasks + _jobs.EverRunning + _jobs.Finished;
            if (seen != lastSeen || !submitting.IsCompleted) (lastSeen, progressAt) = (seen, _time.GetTimestamp());
            if (_time.GetElapsedTime(progressAt) > options.Patience) return;
            if (_time.GetElapsedTime(saidAt) is var elapsed && elapsed > SayPeriod)
            {
                var (ran, finished) = (_jobs.EverRunning, _jobs.Finished);
                session.Say(
                    $"{_time.GetElapsedTime(load.StartedAt).TotalSeconds,6:0.0} s: {load.Tasks} tasks submitted, {ran} have run "
                    + $"({(ran - ranBefore) / elapsed.TotalSeconds:0}/s), {finished} finished "
                    + $"({(finished - finishedBefore) / elapsed.TotalSeconds:0}/s), {_jobs.DuplicatedRuns} duplicated");
                (ranBefore, finishedBefore, saidAt) = (ran, finished, _time.GetTimestamp());
            }

            await Task.WhenAny(Task.Delay(submitting.IsCompleted ? LookPeriod / 25 : LookPeriod, _time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool IsSettled(LoadSubmitter load)
    {
        if (_jobs.EverRunning < load.Tasks) return false;
        return _jobs.Finished >= load.Tasks || load.Submitted.All(job => job.Duration == TimeSpan.Zero);
    }

    /// <summary>Instances that nodes do not know to run or to have finished, and how many of them the cell says to wait.</summary>
    private async Task<(long Missing, long Waiting)> Missing(ImmutableArray<SimulatedJob> submitted, CancellationToken cancellationToken)
    {
        long missing = 0, waiting = 0;
        var asked = 0;
        foreach (var job in submitted)
        {
            var here = job.Missing();
            missing += here;
            if (here == 0 || asked++ >= JobsAskedAtTheEnd || !JobKey.TryParse(job.Name, out var key)) continue;
            if ((await client.DescribeJobAsync(key, cancellationToken)).Value is not { } view) continue;
            waiting += Math.Min(here, view.Counts.GetValueOrDefault("PENDING") + view.Counts.GetValueOrDefault("THROTTLED"));
        }

        return (missing, waiting);
    }

    private SimulationReport Report(
        LoadSubmitter load, UsageSampler sampler, double wall, ControlPlaneUse before, ControlPlaneUse after)
    {
        var times = new List<float>();
        foreach (var job in load.Submitted) job.AddTimesToRunning(times);
        var cpu = after.CpuSeconds - before.CpuSeconds;
        return new()
        {
            Nodes = options.Nodes.Length,
            Jobs = load.Submitted.Length,
            Tasks = load.Tasks,
            RunningPerSecond = Rate(_jobs.EverRunning, _jobs.LastRunningAt),
            FinishedPerSecond = Rate(_jobs.Finished, _jobs.LastFinishAt),
            TimeToRunningMs = Percentiles.Of(times),
            SubmitMs = Percentiles.Of(load.Times),
            Lost = 0,
            Duplicated = _jobs.DuplicatedRuns,
            Waiting = 0,
            RefusedJobs = load.Refused,
            FailedAttempts = _jobs.Failed,
            RefusedCommands = _jobs.RefusedCommands,
            Packing = sampler.Packing(),
            Fairness = Math.Round(sampler.Fairness(), 4),
            BytesWrittenPerTask = Rounded((after.BytesWritten - before.BytesWritten) / (double)Math.Max(1, load.Tasks)),
            ControlPlaneCpuSeconds = cpu is { } seconds ? Math.Round(seconds, 2) : null,
            ControlPlaneCpuMicrosPerTask = Rounded(cpu * 1_000_000 / Math.Max(1, load.Tasks)),
            ControlPlaneMemoryBytes = after.MemoryBytes,
            SimulatorCpuSeconds = 0,
            WallSeconds = Math.Round(wall, 2),
            Seed = options.Model.Seed,
        };

        double Rate(long count, long until) =>
            count == 0 ? 0 : Math.Round(count / Math.Max(0.001, _time.GetElapsedTime(load.StartedAt, until).TotalSeconds), 1);

        static double? Rounded(double? value) => value is { } number ? Math.Round(number, 1) : null;
    }

    private static double OwnCpuSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }
}
