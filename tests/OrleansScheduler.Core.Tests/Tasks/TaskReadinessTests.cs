using CsCheck;
using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class TaskReadinessTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TaskPolicy Service = new(IsService: true, new RetryPolicy { BackoffInitial = TimeSpan.Zero }, Jitter: 0);

    [Fact]
    public void A_task_without_a_readiness_probe_is_up_as_soon_as_it_runs()
    {
        var task = After(Of(Starting), Report(Running, 2, null, 1));
        Assert.Equal((true, false, null, Start.AddSeconds(1)), (task.IsUp, task.IsUnready, task.Readiness, task.UpSince));
    }

    [Fact]
    public void A_later_report_of_another_readiness_is_a_step_and_everything_else_is_none()
    {
        var task = After(Of(Starting), Report(Running, 2, false, 1));
        Assert.True(task is { Status: Running, IsUp: false, IsUnready: true });
        Assert.Empty(Apply(task, Report(Running, 2, true, 2)).Steps);
        Assert.Empty(Apply(task, Report(Running, 3, false, 2)).Steps);
        Assert.Empty(Apply(task, Report(Running, 3, null, 2)).Steps);

        var transition = Apply(task, Report(Running, 3, true, 5));

        Assert.Equal((TaskEffects.None, true), (transition.Effects, transition.IsLegal));
        var ready = Assert.Single(transition.Steps);
        Assert.Equal((Running, true, 3, "word 3"), (ready.Status, ready.IsUp, ready.Sequence, ready.Message));
        Assert.Equal((Start.AddSeconds(1), Start.AddSeconds(5)), (ready.Since, ready.UpSince));
    }

    [Fact]
    public void Readiness_survives_a_partition_and_an_older_word_that_arrives_after_it()
    {
        var unready = After(After(Of(Starting), Report(Running, 2, true, 1)), Report(Running, 7, false, 2));
        var partitioned = After(unready, new TaskEvent(Partitioned, Start.AddSeconds(3)));
        Assert.False(partitioned.IsUp);

        Assert.True(After(partitioned, Report(Running, 7, false, 4)).IsUnready);
        Assert.True(After(partitioned, Report(Running, 2, true, 4)).IsUnready);
        var ready = After(partitioned, Report(Running, 8, true, 4));
        Assert.Equal((true, Start.AddSeconds(4)), (ready.IsUp, ready.UpSince));
    }

    [Fact]
    public void An_end_and_a_successor_know_nothing_of_readiness()
    {
        var unready = After(Of(Starting), Report(Running, 2, false, 1));
        var steps = Apply(unready, Report(Failed, 3, null, 2)).Steps;
        Assert.Equal([Failed, Pending], steps.Select(step => step.Status));
        Assert.All(steps, step => Assert.Null(step.Readiness));
    }

    [Fact]
    public void Whatever_order_reports_come_in_the_row_says_what_the_newest_one_said()
    {
        Gen.Select(Gen.Bool.Array[1, 12], Gen.Int[0, 11].Array[1, 60]).Sample((words, order) =>
        {
            var task = After(Of(Starting), Report(Running, 2, false, 0));
            long newest = 0;
            foreach (var index in order.Where(index => index < words.Length))
            {
                var steps = Apply(task, Report(Running, index + 3, words[index], index)).Steps;
                Assert.True(steps.Length <= 1);
                if (index + 3 <= task.Sequence) Assert.Empty(steps);
                if (steps is [var step]) task = step;
                newest = Math.Max(newest, index + 3);
                Assert.Equal(Start, task.Since);
            }

            // Words that say the same do not raise the row's number, so one that is older than them may still count; never one that is
            // older than the last change.
            Assert.True(task.Sequence <= Math.Max(newest, 2));
            if (task.Sequence > 2) Assert.Equal(words[task.Sequence - 3], task.IsUp);
        });
    }

    private static ScheduledTask Of(ScheduleStatus status) =>
        TaskMachine.Create(0, 1, 1, Start) with { Status = status, Node = "node-1", Sequence = 1 };

    private static TaskEvent Report(ScheduleStatus to, long sequence, bool? isReady, int at) =>
        new(to, Start.AddSeconds(at)) { Sequence = sequence, IsReady = isReady, Message = $"word {sequence}" };

    private static Transition Apply(ScheduledTask task, TaskEvent e) => TaskMachine.Apply(task, e, Service);

    private static ScheduledTask After(ScheduledTask task, TaskEvent e) => Apply(task, e).Steps[0];
}
