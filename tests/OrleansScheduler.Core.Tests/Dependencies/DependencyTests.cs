using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class DependencyTests
{
    private static readonly JobKey Extract = new("shop", "test", "extract");
    private static readonly JobKey Load = new("shop", "test", "load");
    private readonly JobFixture _job = new();

    [Fact]
    public void A_job_that_waits_for_others_has_no_tasks_until_all_have_succeeded()
    {
        _job.Run(_job.ABatch(2) with { After = [Extract, Load] });
        Assert.Empty(_job.State.Tasks);
        Assert.Equal(JobPhase.Waiting, JobDescription.Describe(_job.State).Phase);

        Assert.True(Hear(Extract, DependencyState.Met).InMotion);
        Assert.Empty(_job.State.Tasks);
        Assert.Equal([Load], JobDescription.Describe(_job.State).WaitsFor);

        Hear(Load, DependencyState.Met);
        Assert.Equal([Pending, Pending], _job.State.Tasks.Values.Select(t => t.Status));
    }

    [Theory]
    [InlineData(DependencyState.Missing)]
    [InlineData(DependencyState.Pending)]
    [InlineData(DependencyState.Failed)]
    public void What_has_not_succeeded_is_waited_for(DependencyState state)
    {
        _job.Run(_job.ABatch(1) with { After = [Extract] });
        Assert.Null(Hear(Extract, state).Change);
        Assert.Empty(_job.State.Tasks);
    }

    [Fact]
    public void A_job_that_is_waited_for_says_so_once_and_strangers_change_nothing()
    {
        _job.Run(_job.ABatch(1) with { After = [Extract] });
        Assert.Null(Hear(Load, DependencyState.Met).Change);
        Assert.NotNull(Hear(Extract, DependencyState.Met).Change);
        Assert.Null(Hear(Extract, DependencyState.Met).Change);
    }

    [Fact]
    public void A_waiting_job_can_be_changed_and_stopped_and_waits_again_when_it_is_started_again()
    {
        var spec = _job.ABatch(1) with { After = [Extract, Load] };
        _job.Run(spec);
        _job.Do(r => r.Submit("op-2", spec, null, "me").Outcome("unchanged"));
        Hear(Extract, DependencyState.Met);
        _job.Do(r => r.Submit("op-3", spec with { Instances = 3, After = [Extract] }, null, "me").Outcome("changed"));
        Assert.Equal(3, _job.State.Tasks.Count);

        _job.Do(r => r.Stop("op-4", [], "me"));
        _job.Do(r => r.Submit("op-5", spec, null, "me").Outcome("started"));
        Assert.Equal([Extract, Load], _job.State.Header.WaitsFor);
        Assert.DoesNotContain(_job.State.Tasks.Values, t => t.Status.IsActive());
    }

    [Fact]
    public void Attempts_of_a_run_that_waited_have_numbers_that_were_never_used()
    {
        var spec = _job.ABatch(1) with { After = [Extract] };
        _job.Run(spec);
        Hear(Extract, DependencyState.Met);
        _job.Place();
        _job.Report(0, Finished, 1, exitCode: 0);
        _job.Do(r => r.Submit("op-2", spec, null, "me").Outcome("started"));
        Assert.Empty(_job.State.Tasks);
        Hear(Extract, DependencyState.Met);
        Assert.Equal(2, _job.State.Tasks[0].Attempt);
    }

    [Theory]
    [InlineData(JobPhase.Finished, JobType.Batch, DependencyState.Met)]
    [InlineData(JobPhase.Running, JobType.Batch, DependencyState.Pending)]
    [InlineData(JobPhase.Running, JobType.Service, DependencyState.Met)]
    [InlineData(JobPhase.Failed, JobType.Batch, DependencyState.Failed)]
    [InlineData(JobPhase.Stopped, JobType.Service, DependencyState.Failed)]
    [InlineData(JobPhase.Waiting, JobType.Batch, DependencyState.Pending)]
    public void What_a_phase_means_to_those_that_wait(JobPhase phase, JobType type, DependencyState expected) =>
        Assert.Equal(expected, DependencyRules.StateOf(phase, type));

    [Fact]
    public void Specs_are_submitted_after_what_they_wait_for_and_otherwise_as_given()
    {
        Assert.Equal([2, 1, 0, 3], DependencyRules.Order([Spec("c", "b"), Spec("b", "a"), Spec("a"), Spec("d", "elsewhere")]));
        Assert.Equal([0, 1], DependencyRules.Order([Spec("z"), Spec("a")]));
        Assert.Equal([1, 0], DependencyRules.Order([Spec("a", "b"), Spec("b", "a")]));
    }

    [Fact]
    public async Task A_circle_is_found_and_named_and_a_diamond_is_none()
    {
        Assert.Equal("a b c a", await Cycle("a", ("a", "b"), ("b", "c"), ("c", "a")));
        Assert.Equal("", await Cycle("a", ("a", "b c"), ("b", "d"), ("c", "d"), ("d", "")));
        Assert.Equal("", await Cycle("x", ("x", "a"), ("a", "b"), ("b", "a")));
    }

    [Fact]
    public async Task The_search_for_circles_has_an_end() =>
        await Assert.ThrowsAsync<DependencyRules.TooManyException>(async () =>
            await DependencyRules.FindCycle(Key("0"), job => new([Key($"{int.Parse(job.Name) + 1}")])));

    private static JobKey Key(string name) => new("shop", "test", name);

    private static JobSpec Spec(string name, string after = "") => new()
    {
        Key = Key(name),
        Type = JobType.Batch,
        Task = new TaskSpec { Command = ["run"] },
        After = [.. Keys(after)],
    };

    private static IEnumerable<JobKey> Keys(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Key);

    private static async Task<string> Cycle(string start, params (string Job, string After)[] jobs)
    {
        var after = jobs.ToDictionary(job => Key(job.Job), job => Keys(job.After).ToImmutableArray());
        return string.Join(' ', (await DependencyRules.FindCycle(Key(start), job => new(after[job]))).Select(key => key.Name));
    }

    private JobDecision Hear(JobKey job, DependencyState state) => _job.Do(r => r.Hear(job, state));
}
