namespace OrleansScheduler.Cli.Tests;

public sealed class JobGoalTests
{
    private static readonly JobKey Key = new("shop", "prod", "web");

    [Theory]
    [InlineData(JobType.Service, JobPhase.Pending, 2, null, GoalState.Pending)]
    [InlineData(JobType.Service, JobPhase.Running, 2, null, GoalState.Reached)]
    [InlineData(JobType.Service, JobPhase.Running, 1, null, GoalState.Pending)]
    [InlineData(JobType.Service, JobPhase.Updating, 2, "ROLLING_FORWARD", GoalState.Pending)]
    [InlineData(JobType.Service, JobPhase.Running, 2, "ROLLED_FORWARD", GoalState.Reached)]
    [InlineData(JobType.Service, JobPhase.Updating, 1, "ROLLING_BACK", GoalState.Pending)]
    [InlineData(JobType.Service, JobPhase.Running, 1, "ROLLED_BACK", GoalState.Missed)]
    [InlineData(JobType.Service, JobPhase.Running, 2, "FAILED", GoalState.Missed)]
    [InlineData(JobType.Service, JobPhase.Stopped, 2, null, GoalState.Missed)]
    [InlineData(JobType.Service, JobPhase.Running, 3, null, GoalState.Missed)]
    [InlineData(JobType.Batch, JobPhase.Running, 2, null, GoalState.Pending)]
    [InlineData(JobType.Batch, JobPhase.Finished, 2, null, GoalState.Reached)]
    [InlineData(JobType.Batch, JobPhase.Failed, 2, null, GoalState.Missed)]
    [InlineData(JobType.Cron, JobPhase.Scheduled, 2, null, GoalState.Reached)]
    [InlineData(JobType.Cron, JobPhase.Running, 2, null, GoalState.Reached)]
    [InlineData(JobType.Cron, JobPhase.Stopped, 2, null, GoalState.Missed)]
    public void A_submit_of_version_2_is_judged_by_the_job_s_state(
        JobType type, JobPhase phase, int version, string? update, object expected)
    {
        var goal = JobGoal.Submitted(new() { Key = Key, Version = 2, Outcome = "updating" });
        var progress = update is null ? null : new UpdateView { FromVersion = 1, ToVersion = 2, Status = update };
        var view = View(type, phase, version) with { Update = progress };
        Assert.Equal(expected, goal.Judge(view).State);
    }

    [Theory]
    [InlineData(JobPhase.Stopping, GoalState.Pending)]
    [InlineData(JobPhase.Stopped, GoalState.Reached)]
    [InlineData(JobPhase.Finished, GoalState.Reached)]
    public void A_stop_is_reached_when_nothing_is_left(JobPhase phase, object expected) =>
        Assert.Equal(expected, JobGoal.Stopped(Key).Judge(View(JobType.Batch, phase, 1)).State);

    private static JobView View(JobType type, JobPhase phase, int version) => new()
    {
        Key = Key,
        Type = type,
        Phase = phase,
        Version = version,
        Instances = 3,
        Counts = ImmutableSortedDictionary<string, int>.Empty,
        Spec = new() { Key = Key, Type = type, Task = new() },
    };
}
