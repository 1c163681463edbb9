using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>A job with its clock, its agents and its ledger played by the test.</summary>
internal sealed class JobFixture(int seed = 1)
{
    private static readonly JobKey Key = new("shop", "test", "web");
    private readonly Random _random = new(seed);
    private readonly NodeLosses _losses = new();
    private readonly List<JobChange> _journal = [];

    public JobState State { get; private set; } = new(Key);

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public JobSpec AService(int instances) => new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = instances,
        Task = new TaskSpec { Command = ["run"] },
        Retry = new RetryPolicy { BackoffInitial = TimeSpan.Zero },
        Update = new UpdatePolicy { Watch = TimeSpan.FromSeconds(10) },
    };

    public JobSpec ABatch(int instances) => AService(instances) with { Type = JobType.Batch };

    public void Advance(TimeSpan time) => Now += time;

    public JobDecision Do(Action<JobRound> act)
    {
        var round = new JobRound(State, _losses, Now, _random, TaskHistoryPolicy.Default);
        act(round);
        var decision = round.Conclude();
        if (decision.Change is { } change)
        {
            _journal.Add(change);
            State.Apply(change);
        }

        return decision;
    }

    /// <summary>The job's owner is gone, and the next one reads the journal: a snapshot and what came after it.</summary>
    public void Crash(int entriesInSnapshot = 0)
    {
        State = Replay(Replay(null, _journal.Take(entriesInSnapshot)).Snapshot(), _journal.Skip(entriesInSnapshot));

        static JobState Replay(JobChange? snapshot, IEnumerable<JobChange> changes)
        {
            var state = new JobState(Key);
            if (snapshot is not null) state.Apply(snapshot);
            foreach (var change in changes) state.Apply(change);
            return state;
        }
    }

    public int JournalLength => _journal.Count;

    /// <summary>Session 1 of a node, in which all are placed here, is lost.</summary>
    public JobDecision Lose(string node, bool mayReplace = true, bool leaseEnded = false) =>
        Do(r => r.NodeUnreachable(new NodeLoss(node, 1, mayReplace, leaseEnded)));

    public void Run(JobSpec spec) => Do(r => r.Submit("op-run", spec, null, "me").Outcome("created"));

    public JobDecision Place() => Do(r =>
    {
        foreach (var task in State.Tasks.Values.Where(t => t.Status == Pending))
            Assert.True(r.Place(new Placement(task.Ref, $"node-{task.Instance}", []) { Generation = 1 }, 1));
    });

    public JobDecision Report(int instance, ScheduleStatus status, long sequence, int? exitCode = null, bool? isReady = null)
    {
        var task = State.Tasks[instance];
        var report = new TaskEvent(status, Now) { Sequence = sequence, ExitCode = exitCode, IsReady = isReady };
        return Do(r => Assert.True(r.Report(task.Node!, 1, task.Ref, report)));
    }

    /// <summary>Lets one random task take its next step.</summary>
    public void Step(Random random, double failureRate)
    {
        var task = State.Tasks.Values.ElementAt(random.Next(State.Tasks.Count));
        if (task.Status == Pending) Place();
        else if (task.Status is Assigned or Starting) Report(task.Instance, Running, 2);
        else if (task.Status.IsStopping()) Report(task.Instance, Killed, 3);
        else if (task.Status == Running && random.NextDouble() < failureRate) Report(task.Instance, Failed, 3, exitCode: 1);
    }
}

internal static class Expect
{
    public static void Outcome(this Answer<SubmitReceipt> answer, string outcome) =>
        Assert.Equal(outcome, answer.Value?.Outcome ?? answer.Problem?.Code);

    public static void Code<T>(this Answer<T> answer, string code) => Assert.Equal(code, answer.Problem?.Code);
}
