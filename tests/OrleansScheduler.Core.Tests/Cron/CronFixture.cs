using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>A cron job with its clock; its journal can be read again by another owner.</summary>
internal sealed class CronFixture(int seed = 1)
{
    private static readonly JobKey Key = new("shop", "test", "web");
    private readonly Random _random = new(seed);
    private readonly List<JobChange> _journal = [];
    private long _sequence;
    private int _operations;

    public DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public JobState State { get; private set; } = new(Key);

    public JobView View => JobDescription.Describe(State);

    public List<EventView> Events { get; } = [];

    public List<AttemptRef> Launched { get; } = [];

    public IEnumerable<ScheduleStatus> Statuses => State.Tasks.Values.Select(task => task.Status);

    public JobSpec Every(string expression, CronCollision collision = CronCollision.KillExisting, int instances = 1) => new()
    {
        Key = Key,
        Type = JobType.Cron,
        Instances = instances,
        Schedule = new(expression, "UTC", collision),
        Task = new TaskSpec { Command = ["run"] },
    };

    public JobDecision Do(Action<JobRound> act)
    {
        var round = new JobRound(State, new NodeLosses(), Now, _random, TaskHistoryPolicy.Default);
        act(round);
        var decision = round.Conclude();
        Events.AddRange(decision.Events);
        Launched.AddRange(decision.Launches.Select(task => task.Ref));
        if (decision.Change is not { } change) return decision;
        _journal.Add(change);
        State.Apply(change);
        return decision;
    }

    /// <summary>The owner is gone and another one reads the journal.</summary>
    public void Crash()
    {
        State = new JobState(Key);
        foreach (var change in _journal) State.Apply(change);
    }

    public JobDecision Submit(JobSpec spec, string? outcome = "created") => Do(r =>
    {
        var answer = r.Submit($"op-{++_operations}", spec, null, "me");
        if (outcome is not null) answer.Outcome(outcome);
    });

    public Answer<CommandReceipt> Ask(CronVerb verb, string? operation = null)
    {
        Answer<CommandReceipt>? answer = null;
        Do(r => answer = r.Cron(operation ?? $"op-{++_operations}", verb, "me"));
        return answer!;
    }

    public JobDecision At(double minutes)
    {
        Now = Start + TimeSpan.FromMinutes(minutes);
        return Tick();
    }

    public JobDecision Tick() => Do(_ => { });

    public void Place() => Do(r =>
    {
        foreach (var task in State.Tasks.Values.Where(t => t.Status == Pending))
            Assert.True(r.Place(new Placement(task.Ref, $"node-{task.Instance}", []) { Generation = 1 }, 1));
    });

    public JobDecision Report(int instance, ScheduleStatus status, int? exitCode = null)
    {
        var task = State.Tasks[instance];
        var report = new TaskEvent(status, Now) { Sequence = ++_sequence, ExitCode = exitCode };
        return Do(r => Assert.True(r.Report(task.Node!, 1, task.Ref, report)));
    }

    public void End(int instance, ScheduleStatus status)
    {
        if (State.Tasks[instance].Status == Assigned) Report(instance, Running);
        Report(instance, status, status == Failed ? 1 : 0);
    }

    /// <summary>The node loses the task, through no fault of the task.</summary>
    public void Lose(int instance)
    {
        if (State.Tasks[instance].Status == Assigned) Report(instance, Running);
        Do(r => r.Absent(State.Tasks[instance].Node!, State.Tasks[instance].Ref));
    }

    /// <summary>Everything that is active finishes.</summary>
    public void Finish()
    {
        Place();
        foreach (var task in State.Tasks.Values.Where(t => t.Status.IsActive()).ToList())
            End(task.Instance, task.Status == Killing ? Killed : Finished);
    }
}
