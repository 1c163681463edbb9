using CsCheck;
using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class TaskMachineTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ScheduleStatus[] All = Enum.GetValues<ScheduleStatus>();

    /// <summary>
    /// Aurora's table, written out again: from, then every status it may go to. K is a kill, R a successor, S one for services, F one
    /// while failures are left,
    /// U one unless it was asked to stop for good, I a counted failure, L on to LOST, D deletion, G a launch.
    /// </summary>
    private const string Table = """
        INIT        PENDING THROTTLED
        THROTTLED   PENDING KILLING:D
        PENDING     ASSIGNED:G KILLING:D
        ASSIGNED    STARTING RUNNING FINISHED:S FAILED:IF KILLED:R LOST:RK RESTARTING:K DRAINING:K PREEMPTING:K KILLING:K
        STARTING    RUNNING FINISHED:S FAILED:IF KILLED:R LOST:R RESTARTING:K DRAINING:K PREEMPTING:K KILLING:K PARTITIONED
        RUNNING     FINISHED:S FAILED:IF KILLED:R LOST:R RESTARTING:K DRAINING:K PREEMPTING:K KILLING:K PARTITIONED
        PREEMPTING  FINISHED:R FAILED:R KILLED:R LOST:RK KILLING PARTITIONED:L
        RESTARTING  FINISHED:R FAILED:R KILLED:R LOST:RK KILLING PARTITIONED:L
        DRAINING    FINISHED:R FAILED:R KILLED:R LOST:RK KILLING PARTITIONED:L
        KILLING     FINISHED FAILED KILLED LOST PARTITIONED:L
        PARTITIONED LOST:KU FINISHED:S FAILED:IF RUNNING ASSIGNED STARTING KILLING:L RESTARTING:L DRAINING:L PREEMPTING:L
        FINISHED
        FAILED
        KILLED
        LOST
        """;

    private static readonly Dictionary<char, TaskEffects> Letters = new()
    {
        ['K'] = TaskEffects.Kill,
        ['R'] = TaskEffects.Reschedule,
        ['S'] = TaskEffects.RescheduleService,
        ['F'] = TaskEffects.RescheduleFailed,
        ['U'] = TaskEffects.RescheduleUnlessKilled,
        ['I'] = TaskEffects.CountFailure,
        ['L'] = TaskEffects.BecomeLost,
        ['D'] = TaskEffects.Delete,
        ['G'] = TaskEffects.Launch,
    };

    private static readonly RetryPolicy NoBackoff =
        new() { MaxFailures = 3, BackoffInitial = TimeSpan.Zero, BackoffMax = TimeSpan.FromMinutes(5) };
    private static readonly TaskPolicy Batch = new(IsService: false, NoBackoff, Jitter: 0.5);
    private static readonly TaskPolicy Service = new(IsService: true, NoBackoff, Jitter: 0.5);

    [Fact]
    public void Every_pair_of_states_is_legal_or_not_with_exactly_the_effects_of_the_table()
    {
        var expected = Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .SelectMany(words => words.Skip(1).Select(word =>
        {
            var parts = word.Split(':');
            var effects = parts.Length == 1 ? TaskEffects.None : parts[1].Aggregate(TaskEffects.None, (sum, c) => sum | Letters[c]);
            return (From: Named(words[0]), To: Named(parts[0]), Effects: effects);
        })).ToDictionary(e => (e.From, e.To), e => e.Effects);

        foreach (var from in All)
        {
            foreach (var to in All)
            {
                Assert.Equal(expected.ContainsKey((from, to)), TaskMachine.Edges.ContainsKey((from, to)));
                if (expected.TryGetValue((from, to), out var effects)) Assert.Equal((from, to, effects),
                    (from, to, TaskMachine.Edges[(from, to)]));
            }
        }
    }

    [Fact]
    public void A_zombie_is_told_to_stop_and_nothing_else_changes()
    {
        foreach (var from in All)
        {
            foreach (var to in new[] { Assigned, Starting, Running })
            {
                if (from == to || TaskMachine.Edges.ContainsKey((from, to))) continue;
                var transition = TaskMachine.Apply(InState(from), new TaskEvent(to, Start), Service);
                Assert.False(transition.IsLegal);
                Assert.Empty(transition.Steps);
                Assert.Equal(from.IsTerminal() || from.IsStopping(), transition.Effects == TaskEffects.Kill);
            }
        }
    }

    [Fact]
    public void A_terminal_task_never_changes_again() =>
        Gen.Select(Gen.Int[0, 3], Gen.Enum<ScheduleStatus>()).Sample((terminal, to) =>
            Assert.Empty(TaskMachine.Apply(InState(Finished + terminal), new TaskEvent(to, Start), Service).Steps));

    [Fact]
    public void C01_an_adhoc_task_that_finishes_has_no_successor()
    {
        var task = Run(TaskMachine.Create(0, 1, 1, Start), Batch, Assigned, Starting, Running, Finished);
        Assert.Equal((Finished, 1), (task.Status, task.Attempt));
        Assert.Equal([Pending, Assigned, Starting, Running, Finished], task.History.Select(h => h.Status));
    }

    [Fact]
    public void C02_a_service_that_finishes_is_followed_by_the_next_attempt_of_the_same_instance()
    {
        var task = Run(TaskMachine.Create(4, 1, 1, Start), Service, Assigned, Starting, Running, Finished);
        Assert.Equal((4, 2, Pending), (task.Instance, task.Attempt, task.Status));
        Assert.Null(task.Node);
        Assert.Empty(task.Ports);
    }

    [Theory]
    [InlineData(10, 8, true)]
    [InlineData(10, 9, false)]
    [InlineData(1, 0, false)]
    [InlineData(-1, 1000, true)]
    public void C03_C04_failures_are_retried_until_the_limit(int maxFailures, int failures, bool retried)
    {
        var policy = Batch with { Retry = NoBackoff with { MaxFailures = maxFailures } };
        var task = Run(InState(Running) with { Failures = failures }, policy, Failed);
        Assert.Equal(failures + 1, task.Failures);
        Assert.Equal(retried ? Pending : Failed, task.Status);
    }

    [Theory]
    [InlineData(Lost)]
    [InlineData(Killed)]
    public void C05_an_end_that_nobody_asked_for_is_followed_by_a_successor_and_counts_as_no_failure(ScheduleStatus end)
    {
        var task = Run(InState(Running) with { Failures = 1 }, Batch, end);
        Assert.Equal((Pending, 2, 1), (task.Status, task.Attempt, task.Failures));
    }

    [Theory]
    [InlineData(Pending)]
    [InlineData(Throttled)]
    public void C06_killing_what_waits_removes_it(ScheduleStatus from) =>
        Assert.Equal(TaskEffects.Delete, TaskMachine.Apply(InState(from), new TaskEvent(Killing, Start), Service).Effects);

    [Fact]
    public void C07_a_killed_task_ends_killed_without_successor()
    {
        var killing = TaskMachine.Apply(InState(Running), new TaskEvent(Killing, Start), Service);
        Assert.Equal(TaskEffects.Kill, killing.Effects);
        var task = Run(killing.Steps[^1], Service, Killed);
        Assert.Equal((Killed, 1), (task.Status, task.Attempt));
    }

    [Theory]
    [InlineData(Finished)]
    [InlineData(Failed)]
    [InlineData(Killed)]
    public void C09_a_restart_is_followed_by_a_successor_and_counts_as_no_failure(ScheduleStatus end)
    {
        var task = Run(InState(Running), Service, Restarting, end);
        Assert.Equal((Pending, 2, 0), (task.Status, task.Attempt, task.Failures));
    }

    [Fact]
    public void C09_a_waiting_task_cannot_be_restarted() =>
        Assert.False(TaskMachine.Apply(InState(Pending), new TaskEvent(Restarting, Start), Service).IsLegal);

    [Fact]
    public void C11_an_end_may_come_before_any_other_report()
    {
        Assert.Equal(Finished, Run(InState(Assigned), Batch, Finished).Status);
        Assert.Equal(Finished, Run(InState(Starting), Batch, Finished).Status);
    }

    [Fact]
    public void C12_a_restarting_task_on_a_partitioned_node_is_lost_at_once_with_one_successor_and_two_kills()
    {
        var restarting = TaskMachine.Apply(InState(Assigned), new TaskEvent(Restarting, Start), Service);
        var partitioned = TaskMachine.Apply(restarting.Steps[^1], new TaskEvent(Partitioned, Start), Service);
        Assert.Equal(TaskEffects.Kill, restarting.Effects);
        Assert.Equal(TaskEffects.Kill, partitioned.Effects);
        Assert.Equal([Partitioned, Lost, Pending], partitioned.Steps.Select(s => s.Status));
    }

    [Fact]
    public void C13_a_killing_task_on_a_partitioned_node_is_lost_without_successor() =>
        Assert.Equal((Lost, 1), (Run(InState(Running), Service, Killing, Partitioned).Status, 1));

    [Fact]
    public void C14_repeated_partitions_keep_one_cycle_of_history()
    {
        var task = Run(TaskMachine.Create(0, 1, 1, Start), Service,
            Assigned, Starting, Partitioned, Running, Partitioned, Running, Partitioned, Running, Partitioned);
        Assert.Equal([Pending, Assigned, Starting, Partitioned, Running, Partitioned], task.History.Select(h => h.Status));
    }

    [Fact]
    public void C17_a_task_that_ends_too_soon_is_penalised_and_penalties_grow_to_the_limit()
    {
        var policy = Service with { Retry = new RetryPolicy() };
        var task = InState(Running);
        var last = TimeSpan.Zero;
        for (var i = 0; i < 10; i++)
        {
            task = Run(task, policy, Finished);
            Assert.Equal(Throttled, task.Status);
            Assert.InRange(task.Penalty, last, TimeSpan.FromMinutes(5));
            Assert.Equal($"Rescheduled, penalized for {(long)task.Penalty.TotalMilliseconds} ms for flapping", task.Message);
            last = task.Penalty;
            task = Run(task, policy, Pending, Assigned, Running);
        }

        Assert.Equal(TimeSpan.FromMinutes(5), last);
    }

    [Fact]
    public void C17_a_task_that_was_asked_to_stop_is_not_penalised() =>
        Assert.Equal(Pending, Run(InState(Running), Service with { Retry = new RetryPolicy() }, Restarting, Finished).Status);

    [Fact]
    public void History_is_bounded_and_keeps_the_latest()
    {
        var task = TaskMachine.Create(0, 1, 1, Start);
        for (var i = 0; i < 20; i++) task = Run(task, Service, Assigned, Running, Finished);
        Assert.Equal(ScheduledTask.MaxHistory, task.History.Length);
        Assert.Equal((Pending, 21), (task.History[^1].Status, task.History[^1].Attempt));
    }

    private static ScheduleStatus Named(string name) => All.Single(s => s.ToName() == name);

    private static ScheduledTask InState(ScheduleStatus status) =>
        TaskMachine.Create(0, 1, 1, Start) with { Status = status, Node = status.HoldsNode() ? "node-1" : null };

    private static ScheduledTask Run(ScheduledTask task, TaskPolicy policy, params ScheduleStatus[] path)
    {
        if (task.History.IsEmpty) task = ScheduledTask.Extend(null, task);
        foreach (var to in path)
        {
            var transition = TaskMachine.Apply(task, new TaskEvent(to, Start) { Node = to == Assigned ? "node-1" : null }, policy);
            Assert.True(transition.IsLegal, $"{task.Status} to {to}");
            foreach (var step in transition.Steps) task = ScheduledTask.Extend(task, step);
        }

        return task;
    }
}
