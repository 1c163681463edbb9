using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class SimulateTests
{
    [Theory]
    [InlineData("--nodes", "--nodes", "0")]
    [InlineData("--nodes", "--nodes", "many")]
    [InlineData("--tasks", "--tasks", "-1")]
    [InlineData("--tasks", "--tasks", "5", "--trace", "openb")]
    [InlineData("--trace", "--trace", "/no/such/file.csv")]
    [InlineData("--trace", "--trace", "/etc/hostname")]
    [InlineData("--trace-nodes", "--trace-nodes", "nodes.csv")]
    [InlineData("--duration", "--duration", "soon")]
    [InlineData("--duration", "--duration", "5s", "--trace", "openb")]
    [InlineData("--speed", "--speed", "0", "--trace", "openb")]
    [InlineData("--speed", "--speed", "2")]
    [InlineData("--spread", "--spread", "1.5")]
    [InlineData("--fail-rate", "--fail-rate", "-0.1")]
    [InlineData("--job-size", "--job-size", "10001")]
    [InlineData("--jobs-per-request", "--jobs-per-request", "101")]
    [InlineData("--mode", "--mode", "ajar")]
    [InlineData("--rate", "--mode", "open")]
    [InlineData("--rate", "--rate", "10")]
    [InlineData("--run-for", "--run-for", "10s")]
    [InlineData("--heartbeat", "--heartbeat", "5s")]
    [InlineData("--heartbeat", "--heartbeat", "1ms", "--embedded")]
    [InlineData("--agents", "--agents", "somewhere")]
    [InlineData("--metrics", "--metrics", "somewhere")]
    [InlineData("--node-cpu", "--node-cpu", "lots")]
    [InlineData("--task-memory", "--task-memory", "-1MiB")]
    public async Task A_wrong_option_is_named_and_nothing_is_started(string option, params string[] args)
    {
        var outcome = await CommandLine.RunAsync(["simulate", .. args]);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(option, outcome.Error);
        Assert.Equal("", outcome.Output);
    }

    [Fact]
    public async Task A_cell_that_is_not_there_is_unreachable()
    {
        var gateway = $"http://127.0.0.1:{LoopbackPort.Free()}";
        var outcome = await CommandLine.RunAsync("simulate", "--nodes", "1", "--gateway", gateway, "--patience", "100ms");
        Assert.Equal(5, outcome.Code);
        Assert.Contains("Only 0 of 1 nodes could register", outcome.Error);
    }

    [Fact]
    public void A_report_says_null_for_what_cannot_be_seen()
    {
        var report = Report with { BytesWrittenPerTask = null, ControlPlaneCpuSeconds = null };
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(report, WireJson.Options));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("bytesWrittenPerTask").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("controlPlaneCpuSeconds").ValueKind);
        Assert.Equal(3.5, json.RootElement.GetProperty("timeToRunningMs").GetProperty("p50").GetDouble());
        string[] always = ["runningPerSecond", "finishedPerSecond", "lost", "duplicated", "packing", "fairness", "wallSeconds"];
        Assert.All(always, name => Assert.True(json.RootElement.TryGetProperty(name, out _), name));
    }

    [Fact]
    public void Jobs_of_a_trace_come_and_run_as_much_faster_as_asked()
    {
        var jobs = new LoadPlan("x", roles: 2, mayFail: false).Of(
            [
                new(new(1000, 0, 0, 0), "A|B", ArrivesAt: 160, RunsFor: 40),
                new(new(500, 64, 0, 0), "", ArrivesAt: 100, RunsFor: 10) { Pieces = 3 },
            ],
            speed: 10).ToList();
        Assert.Equal([(0.0, 1.0, 3, 0), (6.0, 4.0, 1, 1)], jobs.Select(job =>
            (job.DueAt.TotalSeconds, job.Duration.TotalSeconds, job.Spec.Instances, job.Role)));
        Assert.Equal(new Constraint.Value("model", ["A", "B"], Negated: false), Assert.Single(jobs[1].Spec.Constraints));
        Assert.Equal(1, jobs[1].Spec.Task.Resources.MemoryMiB);
    }

    [Fact]
    public void The_same_seed_brings_load_at_the_same_times()
    {
        Assert.Equal(Times(1), Times(1));
        Assert.NotEqual(Times(1), Times(2));
        Assert.InRange(Times(1)[^1].TotalSeconds, 8, 12);

        static List<TimeSpan> Times(int seed) => [.. new LoadPlan("x", 1, mayFail: false)
            .Equal(10_000, 10, new(100, 64, 0, 0), TimeSpan.Zero, rate: 1000, seed).Select(job => job.DueAt)];
    }

    [Fact]
    public void A_grid_log_gives_its_processors_and_times()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "job,submit_s,run_s,procs\n1,5,83,2\n2,9,-1,1\n");
        Assert.Equal([(2000, 5, 83), (1000, 9, 0)], WorkloadTrace.ReadTasks(file).Select(task =>
            (task.Request.CpuMillis, task.ArrivesAt, task.RunsFor)));
        File.Delete(file);
    }

    private static SimulationReport Report { get; } = new()
    {
        Nodes = 1,
        Jobs = 1,
        Tasks = 1,
        RunningPerSecond = 1,
        FinishedPerSecond = 0,
        TimeToRunningMs = Percentiles.Of([5f, 3.5f, 2f]),
        SubmitMs = null,
        Lost = 0,
        Duplicated = 0,
        Waiting = 0,
        RefusedJobs = 0,
        FailedAttempts = 0,
        RefusedCommands = 0,
        Packing = new("cpu", 0.5, 0.25),
        Fairness = 1,
        BytesWrittenPerTask = 1,
        ControlPlaneCpuSeconds = 1,
        ControlPlaneCpuMicrosPerTask = 1,
        ControlPlaneMemoryBytes = null,
        SimulatorCpuSeconds = 1,
        WallSeconds = 1,
        Seed = 1,
    };
}
