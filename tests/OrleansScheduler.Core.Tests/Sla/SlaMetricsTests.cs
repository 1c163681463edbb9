using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>The figures of Aurora's tests of its SLA algorithm.</summary>
public sealed class SlaMetricsTests
{
    [Fact]
    public void S01_The_median_time_to_a_node_is_that_of_active_tasks()
    {
        ScheduledTask[] tasks =
        [
            Task(0, (100, Pending), (200, Assigned)),
            Task(1, (100, Pending), (150, Assigned)),
            Task(2, (100, Pending), (150, Assigned), (160, Killed)),
        ];
        Assert.Equal(75, Median(tasks, Assigned, 0, 300));
        Assert.Equal(100, Median([Task(0, (100, Pending), (250, Assigned)), tasks[0], tasks[1]], Assigned, 0, 300));
        Assert.Equal(0, Median([], Assigned, 0, 300));
        Assert.Equal(0, Median([Task(0, (100, Pending))], Assigned, 0, 300));
    }

    [Fact]
    public void S01_Only_what_happened_in_the_window_counts_its_end_excluded()
    {
        ScheduledTask[] tasks =
        [
            Task(0, (100, Pending), (200, Assigned)),
            Task(1, (100, Pending), (260, Assigned)),
            Task(2, (50, Pending), (150, Assigned)),
            Task(3, (50, Pending), (300, Assigned)),
        ];
        Assert.Equal(130, Median(tasks, Assigned, 200, 300));
    }

    [Fact]
    public void S01_Time_to_start_and_to_run_begin_at_the_attempts_own_wait()
    {
        var task = new ScheduledTask
        {
            Instance = 0,
            Attempt = 2,
            Version = 1,
            Status = ScheduleStatus.Running,
            Since = At(180),
            History = [Entry(1, 10, Pending), Entry(1, 20, ScheduleStatus.Running), Entry(1, 90, Lost), Entry(2, 100, Pending),
                Entry(2, 110, Assigned), Entry(2, 130, Starting), Entry(2, 180, ScheduleStatus.Running)],
        };
        Assert.Equal(30, Median([task], Starting, 0, 300));
        Assert.Equal(80, Median([task], ScheduleStatus.Running, 0, 300));
        Assert.Equal(0, Median([task with { History = task.History[4..] }], ScheduleStatus.Running, 0, 300));   // its beginning is lost
    }

    [Fact]
    public void S02_Job_uptime_is_a_percentile_between_neighbours()
    {
        ScheduledTask[] tasks = [.. Enumerable.Range(1, 100).Select(i => Task(i, (1000 - i, ScheduleStatus.Running)))];
        Assert.Equal(
            [50.5, 25.75, 10.9, 5.95, 1.99],
            SlaMetrics.Percentiles.Select(p => Math.Round(SlaMetrics.JobUptime(tasks, p, At(1000)).TotalSeconds, 6)));
        Assert.Equal(TimeSpan.Zero, SlaMetrics.JobUptime([Task(0, (10, Pending))], 50, At(1000)));
    }

    [Fact]
    public void S03_Platform_uptime_counts_losses_from_the_loss_until_the_instance_runs_again()
    {
        var lost = Task(0, (50, ScheduleStatus.Running), (300, Lost), (310, Pending), (320, Assigned), (330, Starting),
            (400, ScheduleStatus.Running));
        Assert.Equal(75.0, SlaMetrics.PlatformUptime([lost], At(100), At(500)));
        Assert.Equal(50.0, SlaMetrics.PlatformUptime([Task(0, (50, ScheduleStatus.Running), (300, Killed))], At(100), At(500)));
        Assert.Equal(100.0, SlaMetrics.PlatformUptime([Task(0, (50, Pending))], At(100), At(500)));
        Assert.Equal(100.0, SlaMetrics.PlatformUptime([], At(100), At(500)));
    }

    [Fact]
    public void S03_What_the_user_wanted_is_no_down_time_and_a_drained_instance_is()
    {
        var restarted = Task(0, (50, ScheduleStatus.Running), (200, Restarting), (210, Killed), (210, Pending),
            (400, ScheduleStatus.Running));
        Assert.Equal(100.0, SlaMetrics.PlatformUptime([restarted], At(100), At(500)));
        var drained = Task(0, (50, ScheduleStatus.Running), (200, Draining), (210, Killed), (210, Pending), (400, ScheduleStatus.Running));
        Assert.Equal(50.0, SlaMetrics.PlatformUptime([drained], At(100), At(500)));
        Assert.Equal(75.0, SlaMetrics.PlatformUptime([drained, Task(1, (50, ScheduleStatus.Running))], At(100), At(500)));
    }

    [Fact]
    public void The_figures_of_a_job_say_from_when_on_they_are_known()
    {
        var job = new JobFixture();
        job.Run(job.AService(1));
        job.Place();
        job.Report(0, ScheduleStatus.Running, 2);
        var window = TimeSpan.FromHours(1);
        Assert.Equal(job.Now - window, SlaMetrics.Describe(job.State, window, job.Now).KnownSince);
        for (var i = 0; i < 6; i++)
        {
            job.Advance(TimeSpan.FromMinutes(1));
            job.Report(0, Failed, 3, exitCode: 1);
            job.Place();
            job.Report(0, ScheduleStatus.Running, 2);
        }

        var view = SlaMetrics.Describe(job.State, window, job.Now);
        Assert.Equal(job.State.Tasks[0].History[0].At, view.KnownSince);
        Assert.InRange(view.KnownSince, job.Now - TimeSpan.FromMinutes(4), job.Now);
    }

    private static double Median(ScheduledTask[] tasks, ScheduleStatus status, int from, int to) =>
        SlaMetrics.MedianTimeTo(tasks, status, At(from), At(to)).TotalSeconds;

    private static DateTimeOffset At(int seconds) => DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(seconds);

    private static TaskHistoryEntry Entry(int attempt, int at, ScheduleStatus status) => new(At(at), attempt, status, null, "n");

    private static ScheduledTask Task(int instance, params (int At, ScheduleStatus Status)[] events) => new()
    {
        Instance = instance,
        Attempt = 1,
        Version = 1,
        Status = events[^1].Status,
        Since = At(events[^1].At),
        History = [.. events.Select(e => Entry(1, e.At, e.Status))],
    };
}
