namespace OrleansScheduler.Core.Tests;

public sealed class JobExamplesTests
{
    public static TheoryData<string> Names { get; } = [.. JobExamples.Names];

    [Fact]
    public void There_are_four() =>
        Assert.Equal([JobExamples.Batch, JobExamples.Cron, JobExamples.Service, JobExamples.NextService], JobExamples.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void An_example_is_valid_and_explains_itself(string name)
    {
        var text = JobExamples.Read(name)!;
        Assert.Empty(JobFile.Parse(text).Problem?.Errors ?? []);
        Assert.StartsWith("# yaml-language-server: $schema=", text, StringComparison.Ordinal);
        Assert.Contains($"osched job run {name}.yaml", text);
    }

    [Fact]
    public void An_unknown_example_is_nothing() => Assert.Null(JobExamples.Read("../job.v1"));

    [Fact]
    public void The_next_version_of_the_service_is_the_same_job_and_needs_a_restart()
    {
        var (before, after) = (Spec(JobExamples.Service), Spec(JobExamples.NextService));
        Assert.Equal(before.Key, after.Key);
        Assert.False(before.RunsTheSameAs(after));
        Assert.Equal(before, after with { Task = after.Task with { Env = before.Task.Env } });
    }

    [Fact]
    public void The_service_is_asked_for_its_health_on_a_port_of_its_own()
    {
        var service = Spec(JobExamples.Service);
        Assert.Equal((JobType.Service, 3), (service.Type, service.Instances));
        Assert.Equal(new HealthProbe.Http("http", "/health"), service.Task.Health?.Probe);
        Assert.Equal(["http"], service.Task.Ports);
    }

    [Fact]
    public void The_batch_is_200_commands_that_may_fail_and_be_retried()
    {
        var batch = Spec(JobExamples.Batch);
        Assert.Equal((JobType.Batch, 200, 3), (batch.Type, batch.Instances, batch.Retry.MaxFailures));
    }

    [Fact]
    public void The_cron_job_runs_twice_a_minute_and_catches_up_with_the_last_run()
    {
        var schedule = Spec(JobExamples.Cron).Schedule!;
        Assert.Equal((CronCollision.CancelNew, 1, TimeSpan.FromSeconds(2)), (schedule.Collision, schedule.CatchUp, schedule.Jitter));
        Assert.Equal(20, CronExplanation.Of(schedule.Expression, schedule.TimeZone, DateTimeOffset.UnixEpoch, 20).Value!.Runs
            .Count(run => run <= DateTimeOffset.UnixEpoch.AddMinutes(10)));
    }

    private static JobSpec Spec(string name) => Assert.Single(JobFile.Parse(JobExamples.Read(name)!).Value);
}
