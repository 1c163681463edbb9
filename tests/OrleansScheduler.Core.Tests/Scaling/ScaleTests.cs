using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class ScaleTests
{
    private static readonly ScalePolicy Policy = new() { Min = 2, Max = 20, Metric = "sum(load)", Value = 10 };
    private static readonly TimeSpan LongAgo = TimeSpan.FromDays(1);
    private readonly JobFixture _job = new();

    [Theory]
    [InlineData(4, 40, 4)]        // just right
    [InlineData(4, 43, 4)]        // within a tenth
    [InlineData(4, 45, 5)]        // rounded up
    [InlineData(4, 60, 6)]
    [InlineData(4, 500, 8)]       // at most double
    [InlineData(8, 10, 4)]        // at least half
    [InlineData(3, 0, 2)]         // never below min
    [InlineData(18, 900, 20)]     // never above max
    [InlineData(4, double.NaN, 4)]
    [InlineData(4, -1, 4)]
    [InlineData(1, 10, 2)]        // into the bounds at once
    [InlineData(30, 300, 20)]
    public void Each_instance_gets_its_part_of_the_load(int instances, double load, int expected) =>
        Assert.Equal(expected, ScaleRules.Decide(Policy, instances, load, LongAgo).Instances);

    [Theory]
    [InlineData(4, 240, 4)]       // 60 % each
    [InlineData(4, 360, 6)]
    [InlineData(4, 100, 2)]
    public void Each_instance_gets_its_part_of_the_cpu(int instances, double percent, int expected)
    {
        var decision = ScaleRules.Decide(new() { Min = 2, Max = 20, Metric = "", Value = 1, Cpu = 60 }, instances, percent, LongAgo);
        Assert.Equal(expected, decision.Instances);
        Assert.StartsWith($"The instances use {percent} % of the cpu that one asks for, 60 % for each is wanted", decision.Reason);
    }

    [Fact]
    public void Instances_of_which_nothing_is_known_yet_count_as_the_others()
    {
        Assert.Equal((90.0 * 4, null), CpuReading.Of([Use(0, 80), Use(1, 100), Use(2, null)], 4, 100));
        Assert.Equal((0.0, null), CpuReading.Of([Use(0, 0)], 4, 100));
        Assert.NotNull(CpuReading.Of([Use(0, null)], 4, 100).Failure);
        Assert.NotNull(CpuReading.Of([], 0, 100).Failure);

        static TaskUse Use(int instance, long? cpu) => new() { Attempt = new(new("a", "b", "c"), instance, 1), CpuMillis = cpu };
    }

    [Fact]
    public void Steps_can_be_bounded_and_changes_rest()
    {
        Assert.Equal(5, ScaleRules.Decide(Policy with { MaxStep = 1 }, 4, 500, LongAgo).Instances);
        Assert.Equal(4, ScaleRules.Decide(Policy, 4, 80, TimeSpan.FromMinutes(2)).Instances);
        Assert.Equal(8, ScaleRules.Decide(Policy, 4, 80, TimeSpan.FromMinutes(3)).Instances);
    }

    [Fact]
    public void A_service_follows_its_load_and_says_why()
    {
        _job.Run(Service());
        var up = _job.Do(r => r.Scale(60, null));
        Assert.Equal(6, _job.State.Tasks.Count);
        var told = Assert.Single(up.Events, e => e.Kind == "scale");
        Assert.Equal(("UP", "From 4 to 6 instances. The metric says 60, 10 for each instance."), (told.Status, told.Message));

        Assert.Null(_job.Do(r => r.Scale(20, null)).Change);
        _job.Advance(TimeSpan.FromMinutes(4));
        _job.Do(r => r.Scale(20, null));
        Assert.Equal(3, _job.State.Tasks.Values.Count(t => t.Status.IsActive() && t.Status != Killing));
    }

    [Fact]
    public void A_metric_that_cannot_be_read_changes_nothing_and_is_told_once()
    {
        _job.Run(Service());
        Assert.Equal("BLIND", Assert.Single(_job.Do(r => r.Scale(null, "It is away.")).Events).Status);
        Assert.Equal("It is away.", JobDescription.Describe(_job.State).ScaleFailure);
        Assert.Empty(_job.Do(r => r.Scale(null, "It is away.")).Events);
        Assert.Equal(4, _job.State.Spec.Instances);
        _job.Do(r => r.Scale(40, null));
        Assert.Null(JobDescription.Describe(_job.State).ScaleFailure);
    }

    [Fact]
    public void Submitting_the_file_again_does_not_undo_what_the_load_has_made()
    {
        _job.Run(Service());
        _job.Do(r => r.Scale(60, null));
        _job.Do(r => r.Submit("op-2", Service(), null, "me").Outcome("unchanged"));
        _job.Do(r => r.Submit("op-run", Service(), null, "me").Outcome("created"));
        _job.Do(r => r.Submit("op-3", Service() with { Scale = Policy with { Max = 5 } }, null, "me").Outcome("changed"));
        Assert.Equal(5, _job.State.Spec.Instances);
    }

    [Fact]
    public void Nothing_is_scaled_that_is_stopped_or_has_no_policy()
    {
        _job.Run(Service());
        Assert.True(_job.Do(_ => { }).InMotion);
        _job.Do(r => r.Stop("op-2", [], "me"));
        Assert.Null(_job.Do(r => r.Scale(90, null)).Change);
        var other = new JobFixture();
        other.Run(other.AService(4));
        Assert.Null(other.Do(r => r.Scale(90, null)).Change);
    }

    private JobSpec Service() => _job.AService(4) with { Scale = Policy };
}
