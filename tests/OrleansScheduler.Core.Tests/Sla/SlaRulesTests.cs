using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Which instances an SLA lets go.</summary>
public sealed class SlaRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly JobSpec Spec = new()
    {
        Key = new("shop", "prod", "web"),
        Type = JobType.Service,
        Tier = Tier.Preferred,
        Task = new TaskSpec { Command = ["run"] },
    };

    [Fact]
    public void M07_A_count_below_what_runs_lets_one_go() => Assert.True(Judge(Count(2), Running, Running, Running).Allowed);

    [Fact]
    public void M07_One_that_waits_does_not_count()
    {
        var verdict = Judge(Count(2), Running, Running, Pending);
        Assert.False(verdict.Allowed);
        Assert.Null(verdict.RetryAt);
        Assert.Equal("1 instance of shop/prod/web would be left that has run for 1m; its SLA of 2 instances asks for 2.", verdict.Reason);
    }

    [Fact]
    public void M07_A_count_of_all_is_relaxed_so_that_one_may_go()
    {
        Assert.True(Judge(Count(3), Running, Running, Running).Allowed);
        Assert.False(Judge(Count(3), Running, Running, Pending).Allowed);
    }

    [Fact]
    public void M07_One_that_runs_for_too_short_a_time_does_not_count_and_the_answer_says_until_when()
    {
        ScheduledTask[] tasks = [Task(0, Running, Hour), Task(1, Running, Hour), Task(2, Running, TimeSpan.FromSeconds(20))];
        var verdict = SlaRules.Judge(Count(2), Spec, tasks, 0, Now);
        Assert.False(verdict.Allowed);
        Assert.Equal(Now + TimeSpan.FromSeconds(40), verdict.RetryAt);
        Assert.True(SlaRules.Judge(Count(2), Spec, tasks, 0, verdict.RetryAt!.Value).Allowed);
        Assert.True(SlaRules.Judge(Count(2), Spec, tasks, 2, Now).Allowed);
    }

    [Fact]
    public void M07_A_job_below_the_minimum_has_no_SLA()
    {
        ScheduledTask[] tasks = [Task(0, Running, Hour), Task(1, Pending, Hour), Task(2, Killed, Hour)];
        Assert.False(SlaRules.Judge(Count(2), Spec, tasks, 0, Now).Allowed);
        Assert.True(SlaRules.Judge(Count(2), Spec, tasks, 0, Now, new SlaSettings(3, EveryTier: false)).Allowed);
    }

    [Theory]
    [InlineData(Tier.Preemptible)]
    [InlineData(Tier.Revocable)]
    public void M07_Another_tier_than_preferred_has_no_SLA_unless_the_cell_says_so(Tier tier)
    {
        ScheduledTask[] tasks = [Task(0, Running, Hour), Task(1, Pending, Hour)];
        Assert.True(SlaRules.Judge(Count(2), Spec with { Tier = tier }, tasks, 0, Now).Allowed);
        Assert.False(SlaRules.Judge(Count(2), Spec with { Tier = tier }, tasks, 0, Now, new SlaSettings(1, EveryTier: true)).Allowed);
    }

    [Theory]
    [InlineData(50, 4, true)]
    [InlineData(75, 4, true)]
    [InlineData(75, 3, false)]
    [InlineData(95, 4, true)]
    [InlineData(100, 4, true)]
    [InlineData(100, 3, false)]
    [InlineData(0, 1, true)]
    public void A_percentage_is_of_the_active_instances_and_is_relaxed_so_that_one_may_go(double percentage, int running, bool allowed)
    {
        var tasks = Enumerable.Range(0, 4).Select(i => Task(i, i < running ? Running : Starting, Hour));
        Assert.Equal(allowed, SlaRules.Judge(new SlaPolicy(percentage, null, TimeSpan.Zero), Spec, tasks, 0, Now).Allowed);
    }

    [Fact]
    public void A_percentage_that_is_no_whole_number_of_instances_is_rounded_up()
    {
        var policy = new SlaPolicy(60, null, TimeSpan.Zero);
        Assert.True(Judge(policy, Running, Running, Running, Running).Allowed);     // 3 of 4 are 75 %
        Assert.False(Judge(policy, Running, Running, Running, Pending).Allowed);    // 2 of 4 are 50 %
    }

    [Theory]
    [InlineData(Draining)]
    [InlineData(Killing)]
    [InlineData(Restarting)]
    [InlineData(Preempting)]
    [InlineData(Partitioned)]
    public void One_that_is_being_stopped_or_cannot_be_reached_does_not_count(ScheduleStatus status) =>
        Assert.False(Judge(Count(1), Running, status).Allowed);

    [Fact]
    public void The_only_instance_of_a_job_may_go() => Assert.True(Judge(Count(1), Running).Allowed);

    [Fact]
    public void A_coordinator_is_named_and_nothing_is_allowed_before_it_is_asked()
    {
        var policy = new SlaPolicy(null, null, TimeSpan.Zero) { Coordinator = new("http://coordinator.example/drain", "drain") };
        var verdict = Judge(policy, Running, Running);
        Assert.False(verdict.Allowed);
        Assert.Equal(new Uri("http://coordinator.example/drain"), verdict.Coordinator);
    }

    private static SlaVerdict Judge(SlaPolicy policy, params ScheduleStatus[] statuses) =>
        SlaRules.Judge(policy, Spec, statuses.Select((status, instance) => Task(instance, status, Hour)), 0, Now);

    private static SlaPolicy Count(int count) => new(null, count, TimeSpan.FromMinutes(1));

    private static ScheduledTask Task(int instance, ScheduleStatus status, TimeSpan age) =>
        new() { Instance = instance, Attempt = 1, Version = 1, Status = status, Since = Now - age, Node = "node-1" };
}
