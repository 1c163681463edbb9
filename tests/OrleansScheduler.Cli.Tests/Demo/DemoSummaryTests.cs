namespace OrleansScheduler.Cli.Tests;

public sealed class DemoSummaryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Runs_failures_retries_and_waits_are_counted_from_the_histories()
    {
        var service = ATask(
            "web", 0, attempts: 2, (1, "PENDING", 0), (1, "RUNNING", 4), (1, "FAILED", 5), (2, "PENDING", 6), (2, "RUNNING", 8));
        var batch = ATask(
            "numbers", 0, attempts: 2, (1, "PENDING", 0), (1, "FAILED", 1), (2, "PENDING", 2), (2, "RUNNING", 3), (2, "FINISHED", 4));
        var summary = DemoSummary.Of([service], [batch, ATask("numbers", 1, attempts: 1, (1, "PENDING", 0), (1, "RUNNING", 3))]);
        Assert.Equal((3, 5, 2, 1, 1), (summary.Tasks, summary.Runs, summary.Failed, summary.Retried, summary.Replaced));
        Assert.Equal([1, 2, 3, 4], summary.ToRunning.Select(time => time.TotalSeconds));
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)), (summary.Percentile(50), summary.Percentile(99)));
    }

    [Fact]
    public void Nothing_known_has_no_percentile() => Assert.Null(DemoSummary.Of([], []).Percentile(50));

    private static TaskView ATask(
        string name, int instance, int attempts, params (int Attempt, string Status, int Second)[] history) => new()
        {
            Job = new("demo", "devel", name),
            Instance = instance,
            Attempt = attempts,
            Ports = ImmutableSortedDictionary<string, int>.Empty,
            History =
        [
            .. history.Select(entry => new TaskHistoryEntry(
                Start.AddSeconds(entry.Second), entry.Attempt, Enum.Parse<ScheduleStatus>(entry.Status, ignoreCase: true),
                Message: null, Node: null)),
        ],
        };
}
